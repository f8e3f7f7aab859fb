"""Settings of the test run itself (servers under test are started with notify_site.settings)."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ["STATIC_DIST"] = os.devnull  # the scripts as they are

from notify_site.settings import *  # noqa: F403

WHITENOISE_AUTOREFRESH = True  # else each test client looks through all static files
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast: hundreds of test users
INBOX_ACTORS = ""  # the demo's
INBOX_FAILED_CHECKS_PER_MINUTE = INBOX_TICKETS_PER_MINUTE = 10**6  # all tests come from one address

# Each test run has its own: several may share a server.
name = f"reddot-test-{os.getpid()}"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file, since threads lock each other out of one in memory.
    name = str(Path(tempfile.gettempdir()) / f"{name}.sqlite3")
DATABASES["default"]["TEST"] = {"NAME": name}  # noqa: F405
