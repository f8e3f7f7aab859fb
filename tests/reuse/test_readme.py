"""The README's five lines, taken from the README, in an empty project with a user model of its own (UUID keys).

The project is what `django-admin startproject` makes; the only other addition is a page to look at.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.bell import Bell
from tools.processes import ROOT, Process, free_port, listening

pytestmark = pytest.mark.browser

MODELS = """
import uuid
from django.contrib.auth.models import AbstractUser
from django.db import models

class Person(AbstractUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
"""

# What `manage.py makemigrations people`, `migrate`, `check` and a shell would do, in one process.
PREPARE = """
from importlib import invalidate_caches
from django.contrib.auth import get_user_model
from django.core.management import call_command
call_command("makemigrations", "people", skip_checks=False)
invalidate_caches()
call_command("migrate", skip_checks=False)
call_command("check")
for name in ("alice", "bob"):
    get_user_model().objects.create_user(name)
"""

PAGE = "<!doctype html><html lang=en><title>Empty</title>{bell}</html>"

SETTINGS = """
INSTALLED_APPS += ["people"]
AUTH_USER_MODEL = "people.Person"
TEMPLATES[0]["DIRS"] = [BASE_DIR / "pages"]
{readme}
"""

URLS = """
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include
from people import views

urlpatterns += [
    path("page/", views.page), path("sign-in/<name>/", views.sign_in), path("comment/", views.comment)
]
urlpatterns += staticfiles_urlpatterns()
{readme}
"""

VIEWS = """
from django.contrib.auth import get_user_model, login
from django.http import HttpResponse
from django.shortcuts import render

def page(request):
    return render(request, "page.html")

def sign_in(request, name):
    login(request, get_user_model().objects.get(username=name))
    return HttpResponse("ok")

def comment(request):
{imports}
    author, text = get_user_model().objects.get(username="bob"), "Yes"
    request.user = get_user_model().objects.get(username="alice")
    class post:
        title = "Tea"
        get_absolute_url = staticmethod(lambda: "/")
{send}
    return HttpResponse("sent")
"""


def blocks(language: str) -> list[str]:
    """The code blocks of the README's section on using it in a project."""
    section = (ROOT / "README.md").read_text().split("## Use it in your Django project")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def add(file: Path, code: str) -> None:
    file.write_text(file.read_text() + code)


def indented(code: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in code.splitlines())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project, then the README."""
    subprocess.run([sys.executable, "-m", "django", "startproject", "empty", str(tmp_path)], check=True)
    settings, urls, asgi, statement, *_event_type = blocks("python")
    [bell] = blocks("html")
    imports, send = statement.split("\n\n", 1)
    people = tmp_path / "people"
    (people / "migrations").mkdir(parents=True)
    (tmp_path / "pages").mkdir()
    for empty in (people / "__init__.py", people / "migrations" / "__init__.py"):
        empty.touch()
    (people / "models.py").write_text(MODELS)
    (people / "views.py").write_text(VIEWS.format(imports=indented(imports), send=indented(send)))
    (tmp_path / "pages" / "page.html").write_text(PAGE.format(bell=bell))
    site = tmp_path / "empty"
    add(site / "settings.py", SETTINGS.format(readme=settings))
    add(site / "urls.py", URLS.format(readme=urls))
    entry = (site / "asgi.py").read_text()
    (site / "asgi.py").write_text(entry.replace("application = get_asgi_application()\n", asgi))
    return tmp_path


@pytest.fixture
def address(project: Path) -> Iterator[str]:
    foreign = ("DATABASE", "DJANGO", "REDIS", "CELERY")
    env = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    env |= {"PYTHONPATH": f"{project}{os.pathsep}{ROOT}", "DJANGO_SETTINGS_MODULE": "empty.settings"}
    subprocess.run([sys.executable, "manage.py", "shell", "-c", PREPARE], cwd=project, env=env, check=True)
    port = free_port()
    argv = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "empty.asgi:application"]
    server = Process("empty", argv, project / "log", env)
    server.start()
    server.wait_ready(lambda: listening(port))
    yield f"http://127.0.0.1:{port}"
    server.stop()


def test_five_lines_and_a_call(address: str, chromium: Browser) -> None:
    with chromium.new_page() as page:
        page.goto(f"{address}/sign-in/bob/")
        page.goto(f"{address}/page/")
        bell = Bell(page).live("websocket").shows("")
        assert httpx.get(f"{address}/comment/").text == "sent"
        bell.shows("1")
        expect(bell.toasts.first).to_contain_text("Tea")
        bell.open()
        expect(bell.row("Tea")).to_be_visible()
        page.goto(f"{address}/inbox/")
        expect(page.get_by_text("Tea").first).to_be_visible()
