"""Settings of the site, all from the environment (12-factor): README has the table.

An ignored file `.env` beside manage.py may hold some of it; `make run` puts a SECRET_KEY there.
Real environment variables win over that file.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF, STRICT_DYNAMIC
from django.utils.translation import gettext_lazy as _
from kombu import Exchange, Queue

from inbox import conf as inbox
from push import conf as push

from . import assets
from .environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
LOGIN_BOUNDS = {"LOGIN_FAILURES": (1, 1_000_000), "LOGIN_LOCKOUT_MINUTES": (1, 7 * 24 * 60)}
env = Environment(bounds={"DATABASE_POOL": (0, 10_000), **LOGIN_BOUNDS, **inbox.BOUNDS, **push.BOUNDS})
env.read_env(BASE_DIR / ".env")

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", default=False)
HTTPS = env.bool("HTTPS", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

INSTALLED_APPS = [
    "daphne",  # first: its runserver replaces Django's
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "channels",
    "django_eventstream",
    "inbox",
    "inbox.internals",
    "notify_site.lab",  # before push: a commit is stamped before it is pushed
    "push",
    "notify_site.demo",
]

MIDDLEWARE = [
    "push.operations.middleware.request_id",
    "push.operations.middleware.probes",  # before hosts are checked and HTTPS is asked for
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "notify_site.middleware.SecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "notify_site.middleware.one_budget",
    "notify_site.middleware.one_thread",  # last: those before it need no hops between threads
]

ROOT_URLCONF = "notify_site.urls"
ASGI_APPLICATION = "notify_site.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


# Data

DATABASES = {"default": env.database("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
# A new connection to PostgreSQL costs a process there, which reads the catalogue first: most of a short request. So a
# web process keeps some (`asgi.py`).
DATABASE_POOL = env.number("DATABASE_POOL", default=20)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# Redis and Celery: both only make it fast, so both give up early (seconds).

REDIS_URL = env.redis("REDIS_URL")
REDIS_TIMEOUTS = {"socket_timeout": 2, "socket_connect_timeout": 2}

CHANNEL_LAYERS: dict[str, Any] = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
if REDIS_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, **REDIS_TIMEOUTS}]},
    }

# Without Redis each process counts by itself. Django keeps 300 entries: so few addresses would have a count forgotten.
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": REDIS_TIMEOUTS,
        }
    }

# None: tasks run in this process. What the URL sets wins, in a worker too (celery.py).
CELERY_BROKER_URL, BROKER_OPTIONS = env.broker("CELERY_BROKER_URL", default=REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {**REDIS_TIMEOUTS, "max_retries": 1, **BROKER_OPTIONS}
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for ever
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A purge of minutes must delay neither a change nor a send. A worker without --queues takes from all of them.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name) for name in ("celery", "nudges", "sends", "housekeeping")
]
CELERY_TASK_ROUTES = {
    "push.tasks.fan_out*": {"queue": "nudges"},
    "push.tasks.due": {"queue": "nudges"},
    "push.tasks.work_off*": {"queue": "sends"},
    "push.tasks.correct": {"queue": "sends"},
    "push.tasks.*": {"queue": "housekeeping"},
}
PUSH_RESYNC_SECONDS = env.number("PUSH_RESYNC_SECONDS", default=25)
SWEEP_SECONDS = min(10, PUSH_RESYNC_SECONDS)
# Punctuality only: the hub's tick sweeps as well. A sweep not run within its period is not worth running.
CELERY_BEAT_SCHEDULE = {
    "due": {"task": "push.tasks.due", "schedule": 1, "options": {"expires": 1}},
    "sweep": {"task": "push.tasks.sweep", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "purge": {"task": "push.tasks.purge", "schedule": 3600, "options": {"expires": 3600}},
}


# The mailbox and its delivery

INBOX_REQUESTS_PER_MINUTE = env.number("INBOX_REQUESTS_PER_MINUTE", default=600)
INBOX_TICKETS_PER_MINUTE = env.number("INBOX_TICKETS_PER_MINUTE", default=60)
INBOX_FAILED_CHECKS_PER_MINUTE = env.number("INBOX_FAILED_CHECKS_PER_MINUTE", default=30)
INBOX_TRUSTED_PROXIES = env.list("INBOX_TRUSTED_PROXIES", default=[])
INBOX_BADGE = env.str("INBOX_BADGE", default="unread")
INBOX_FOUR_EYES = env.bool("INBOX_FOUR_EYES", default=False)
INBOX_MAY_FOLLOW = env.str("INBOX_MAY_FOLLOW", default="notify_site.demo.selectors.may_follow")
INBOX_IMAGE_HOSTS = env.list("INBOX_IMAGE_HOSTS", default=[])
# Who else than the demo site shows people's pictures names a function of its own, or "" for none.
INBOX_ACTORS = env.str("INBOX_ACTORS", default="notify_site.demo.faces.faces")
# Each person in the audience of an announcement is a field of its form: up to 5,000, and as many who are left out.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000
INBOX_UNREAD_CAP = env.number("INBOX_UNREAD_CAP", default=999)
INBOX_IMPORTANT = env.list("INBOX_IMPORTANT", default=["critical"])
INBOX_RETENTION_DAYS = env.number("INBOX_RETENTION_DAYS", default=180)
INBOX_MAX_MESSAGES_PER_USER = env.number("INBOX_MAX_MESSAGES_PER_USER", default=10_000)
PUSH_MAX_CONNECTIONS_PER_USER = env.number("PUSH_MAX_CONNECTIONS_PER_USER", default=20)
PUSH_MAX_BODY_BYTES = env.number("PUSH_MAX_BODY_BYTES", default=10 * 1024 * 1024)
PUSH_REQUEST_SECONDS = env.number("PUSH_REQUEST_SECONDS", default=30)
PUSH_FRAMES_PER_SECOND = env.number("PUSH_FRAMES_PER_SECOND", default=20)
PUSH_FRAMES_PER_SECOND_PER_USER = env.number("PUSH_FRAMES_PER_SECOND_PER_USER", default=100)
PUSH_ALLOWED_ORIGINS = env.list("PUSH_ALLOWED_ORIGINS", default=[])
EVENTSTREAM_CHANNELMANAGER_CLASS = "push.transports.eventstream.ChannelManager"
EVENTSTREAM_STORAGE_CLASS = "push.transports.eventstream.Storage"

MQTT_URL = env.str("MQTT_URL", default="")
MQTT_WS_URL = env.str("MQTT_WS_URL", default="")
MQTT_DYNSEC = env.bool("MQTT_DYNSEC", default=False)
MQTT_EMBEDDED = env.bool("MQTT_EMBEDDED", default=False)


# What pages may load and run: scripts by nonce only, markup out of text by named Trusted Types policies only


def security_policy(broker: str) -> dict[str, Any]:
    """The directives of every page. `broker`: the address at which browsers reach an MQTT broker, "" for none."""
    return {
        "default-src": [NONE],
        "script-src": [NONCE, STRICT_DYNAMIC],
        "style-src": [SELF],
        # The bell draws its count on the icon; announcements may show images of these hosts.
        "img-src": [SELF, "data:", *(f"https://{host}" for host in INBOX_IMAGE_HOSTS)],
        "connect-src": [SELF, *filter(None, [broker])],
        "frame-src": [SELF],  # the iframe transport
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["reddot"],
    }


CONTENT_SECURITY_POLICY = {"DIRECTIVES": security_policy(MQTT_WS_URL)}
# By the beginning of the path, what other people's scripts need. Django's administration gives its own no nonce; its
# jQuery, and Swagger UI, write HTML from strings, which static/inbox/default-policy.js lets pass.
SECURITY_POLICY_REPLACES: dict[str, dict[str, Any]] = {
    "/admin/": {"script-src": [SELF, NONCE], "trusted-types": ["default"]},
    "/admin/inbox/broadcast/preview/": {"frame-ancestors": [SELF]},  # a frame in the form, like the pages of readers
    "/api/": {"trusted-types": ["default", "dompurify"]},
}


# People and languages

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_FAILURES = env.number("LOGIN_FAILURES", default=10)
LOGIN_LOCKOUT_MINUTES = env.number("LOGIN_LOCKOUT_MINUTES", default=15)
AXES_FAILURE_LIMIT = LOGIN_FAILURES
AXES_COOLOFF_TIME = timedelta(minutes=LOGIN_LOCKOUT_MINUTES)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "username", "ip_address"]
AXES_HANDLER = "notify_site.logins.Handler"
AXES_LOCKOUT_CALLABLE = "notify_site.logins.locked_out"
AXES_CLIENT_IP_CALLABLE = "notify_site.logins.address_of"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who goes on trying does not wait longer for it
AXES_DISABLE_ACCESS_LOG = True  # nothing is kept of who signs in
AXES_ENABLE_ADMIN = AXES_VERBOSE = False

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"


# Static files: what `make dist` has made; without it, the files of the apps as they are

STATIC_URL = "static/"
STATIC_DIST = BASE_DIR / env.str("STATIC_DIST", default="dist")
WHITENOISE_USE_FINDERS = DEBUG or not assets.is_current(STATIC_DIST, BASE_DIR)
WHITENOISE_AUTOREFRESH = DEBUG
if not WHITENOISE_USE_FINDERS:
    STATIC_ROOT = STATIC_DIST / "static"
    STORAGES = assets.STORAGES
    WHITENOISE_IMMUTABLE_FILE_TEST = assets.IMMUTABLE


# HTTPS=1: the site is reached through a proxy that ends TLS and sets X-Forwarded-Proto itself.

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^push/mqtt/"]  # RabbitMQ asks from within
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True


# Logs go to the console, name users and rows by id only, and keep no ticket.

LOG_FORMAT = env.str("LOG_FORMAT", default="line")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
        "json": {"()": "push.logs.JsonLines"},
    },
    "filters": {"tickets": {"()": "push.logs.RedactTickets"}, "request_id": {"()": "push.logs.RequestId"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if LOG_FORMAT == "json" else "line",  # a system check refuses any other
            "filters": ["tickets", "request_id"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "axes": {"level": "ERROR"},  # it names accounts
        "daphne": {"level": "WARNING"},  # it repeats its command line
        "uvicorn": {"handlers": [], "propagate": True},  # in our format, rather than in one of its own
        "amqtt": {"level": "WARNING"},  # lines for every connection otherwise
        "transitions": {"level": "WARNING"},
        "websockets": {"level": "WARNING"},
        "django_eventstream": {"level": "WARNING"},  # a line for every connection otherwise
    },
}
