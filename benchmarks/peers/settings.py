"""What a site does without Red Dot: the usual Channels consumer, and django-eventstream's own view."""

import os
from urllib.parse import urlsplit

SECRET_KEY = "only-for-benchmarks"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["channels", "django_eventstream"]
ROOT_URLCONF = "benchmarks.peers.urls"
REDIS = urlsplit(os.environ["REDIS_URL"])
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [os.environ["REDIS_URL"]]},
    }
}
EVENTSTREAM_REDIS = {"host": REDIS.hostname, "port": REDIS.port, "db": 1}
