"""notify_site.settings, plus tests.site.urls; tests.servers sets the environment."""

from notify_site.settings import *  # noqa: F403

INBOX_ACTORS = env.str("INBOX_ACTORS", default="")  # noqa: F405
ROOT_URLCONF = "tests.site.urls"
SESSION_ENGINE = f"django.contrib.sessions.backends.{env.str('SESSIONS', default='db')}"  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_MAX_AGE = 3600  # no script changes meanwhile, so a browser asks for each once
