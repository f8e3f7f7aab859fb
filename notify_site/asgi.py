"""The ASGI application, for any ASGI server: `daphne notify_site.asgi:application`."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from push.asgi import with_push

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "notify_site.settings")
application = with_push(get_asgi_application())

if settings.MQTT_EMBEDDED:
    from push.channels.mqtt import embedded  # needs the apps

    embedded.start()
