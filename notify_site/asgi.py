"""The ASGI application, for any ASGI server: `daphne notify_site.asgi:application`."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.asgi import get_asgi_application

from notify_site.environment import add_pool
from push.asgi import with_push

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "notify_site.settings")
add_pool("DATABASE_URL", settings.DATABASES["default"], settings.DATABASE_POOL)
application = with_push(get_asgi_application())

if settings.MQTT_EMBEDDED:
    from push.channels.mqtt import embedded  # needs the apps

    embedded.start()

# A full garbage collection stops the event loop. From now on it leaves out what was made by the start.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
