"""REST API and admin in somebody else's project: users with UUID keys who sign in by e-mail.

Its tables are made without migrations, which would take as long as the rest: tests/inbox/abroad runs them.
"""

import subprocess
import sys
from pathlib import Path

import pytest

MODELS = """
import uuid
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

class People(BaseUserManager):
    def create_user(self, email, **columns):
        person = self.model(email=email, **columns)
        person.save()
        return person

class Person(AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    objects = People()
    USERNAME_FIELD = "email"
"""

SITE = """
import json, django
from django.conf import settings
settings.configure(
    SECRET_KEY="x" * 50, ALLOWED_HOSTS=["*"], ROOT_URLCONF="tests.inbox.urls", AUTH_USER_MODEL="people.Person",
    USE_TZ=True, STATIC_URL="static/", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
        "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles", "people", "inbox"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
        "context_processors": ["django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"]}}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3"}},
    MIGRATION_MODULES=dict.fromkeys(["admin", "auth", "contenttypes", "inbox", "sessions"]),
)
django.setup()
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from inbox import services
from inbox.models import CommentMessage
from people.models import Person

call_command("migrate", run_syncdb=True, verbosity=0)
call_command("check")
ann = Person.objects.create_user("ann@example.com", is_staff=True, is_superuser=True)
bea = Person.objects.create_user("bea@example.com")
services.send([ann, bea], CommentMessage, actor=bea, target_title="Keys")
setup_test_environment()
client = Client()
client.force_login(ann)

snapshot = client.get("/api/v1/unread/").json()
assert (snapshot["user"], snapshot["unread"]) == (str(ann.pk), 1), snapshot
[item] = client.get("/api/v1/inbox/").json()["items"]
assert "bea@example.com" in item["title"], item
body = json.dumps({"refs": [item["ref"]]})
assert client.post("/api/v1/inbox/read/", body, content_type="application/json").json()["unread"] == 0
foreign = CommentMessage.objects.get(recipient=bea)
assert client.get(f"/api/v1/inbox/{foreign.ref}/").status_code == 404
assert client.get("/api/v1/docs").status_code == 200

for name in ("commentmessage", "mailbox"):
    page = client.get(f"/admin/inbox/{name}/", {"q": "bea@"})
    assert page.context["cl"].result_count == 1, name
assert client.get(f"/admin/inbox/mailbox/{bea.pk}/change/").status_code == 200
doomed = {"action": "delete_selected", "_selected_action": [foreign.pk], "post": "yes"}
assert client.post("/admin/inbox/commentmessage/", doomed).status_code == 302
assert CommentMessage.objects.count() == 1
form = {"title": "Hello", "level": "info", "audience": "everyone", "in_inbox": "on", "_publish": ""}
assert client.post("/admin/inbox/broadcast/add/", form).status_code == 302
assert client.get("/api/v1/unread/").json()["by_type"] == {"broadcast": 1}
"""


@pytest.mark.anywhere
def test_another_project_with_uuid_users(tmp_path: Path) -> None:
    people = tmp_path / "people"
    people.mkdir()
    (people / "__init__.py").touch()
    (people / "models.py").write_text(MODELS)
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", SITE],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{root}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert run.returncode == 0, run.stderr
