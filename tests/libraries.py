"""What the site's processes import and no setting has a say in: `tests/forks.py` imports it once for all of them.

Nothing that installs Twisted's reactor is among it: forks would share its selector.
"""

import gc
import sys
import warnings
from importlib import import_module

NAMES = """
amqtt.broker
argon2
autobahn.twisted.websocket
autobahn.websocket.protocol
celery.apps.worker
celery.bin.celery
celery.concurrency.prefork
celery.fixups.django
celery.worker.consumer
channels_redis.pubsub
csp.constants
csp.middleware
django.contrib.admin.sites
django.contrib.sessions.backends.signed_cookies
django.db.backends.postgresql.base
django.db.backends.sqlite3.base
django.db.migrations
django.test
environ
gripcontrol
httptools
kombu.transport.redis
markdown_it
nh3
paho.mqtt.client
prometheus_client
psycopg_pool
pydantic.dataclasses
pydantic.deprecated.class_validators
pydantic.json_schema
pydantic.main
pydantic.networks
pydantic.type_adapter
pythonjsonlogger.json
redis.asyncio
twisted.internet.posixbase
twisted.protocols.tls
twisted.web.http
uvicorn.main
uvicorn.protocols.http.h11_impl
uvicorn.protocols.http.httptools_impl
whitenoise.middleware
"""

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # theirs
    for name in NAMES.split():
        import_module(name)

assert "twisted.internet.reactor" not in sys.modules
gc.freeze()  # else each fork looks through all this again, and copies the pages that it is on
