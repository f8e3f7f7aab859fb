"""Settings of the test run itself (servers under test are started with notify_site.settings)."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)

from notify_site.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast: hundreds of test users
