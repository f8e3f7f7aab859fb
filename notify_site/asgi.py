"""The ASGI application, for any ASGI server: `daphne notify_site.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "notify_site.settings")
django_application = get_asgi_application()  # loads the apps: before anything that imports models

from push.asgi import with_push  # noqa: E402

application = with_push(django_application)
