"""notify_site.settings, plus tests.site.urls; tests.servers sets the environment."""

from notify_site.settings import *  # noqa: F403

ROOT_URLCONF = "tests.site.urls"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
