import environ

env = environ.Env()
SECRET_KEY = "only-for-tests-" + "x" * 50
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "inbox", "tests.inbox.abroad"]
AUTH_USER_MODEL = env.str("ABROAD_USER", default="abroad.Person")
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": env.db_url("DATABASE_URL", default="sqlite://:memory:")}
DATABASES["default"]["TEST"] = {"NAME": "test_abroad" if "postgres" in DATABASES["default"]["ENGINE"] else None}
