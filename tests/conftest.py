"""Fixtures for real servers, which tests/servers.py describes, and the queue of the tests (tests/queue.py)."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import pytest
from django.db.backends.base.creation import BaseDatabaseCreation
from django.template import RequestContext, Template
from playwright.sync_api import Browser, expect

from tests import queue, templates
from tests.forks import Forked
from tests.servers import Databases, Site, embedded_mqtt, needs
from tools import browser
from tools.brokers import Mosquitto, RabbitMq, quiet_port
from tools.stores import Postgres, Valkey

# A shell starts what runs in the background with SIGINT ignored, and so would every server be that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

Site.process_type = Forked
render_unseen: Callable[[Template, Any], str] = Template._render  # before Django's tests record what is rendered

StartSite = Callable[..., Site]
Server = TypeVar("Server", Valkey, Postgres, Mosquitto, RabbitMq)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items[:] = queue.ordered(items)


def pytest_collection_finish() -> None:
    gc.freeze()  # what is here now stays: no need to look through it again and again
    gc.set_threshold(20_000, 20, 50)  # Python's 700 new objects are a request's: a seventh of the time of tests


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return queue.scheduler(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    return queue.workers()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Playwright leaves its event loop running between its calls; tests without `chromium` must not see it."""
    if "chromium" in getattr(item, "fixturenames", ()):
        return (yield)
    playwrights = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return (yield)
    finally:
        asyncio._set_running_loop(playwrights)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for all tests: a context is a person's browser. Its tabs share a process, as they would in a full memory."""
    expect.set_options(timeout=30_000)  # ms; its own five seconds are few on a busy machine
    with needs(), browser.chromium("--renderer-process-limit=1") as started:
        playwrights = asyncio._get_running_loop()
        yield started
        asyncio._set_running_loop(playwrights)


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    yield from started(Valkey)


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    yield from started(Valkey)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Of a database on a server where more can be made."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    for server in started(lambda: Postgres(durable=False)):
        yield server.url()


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    yield from started(lambda: Postgres(durable=False))


def started(make: Callable[[], Server]) -> Iterator[Server]:
    with needs():
        server = make()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMq]:
    """Its start takes seconds, so there is one; who kills it starts it again."""
    yield from started(lambda: RabbitMq(quiet_port()))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_use_migrations: bool) -> Iterator[None]:
    """The databases that Django makes for these tests are copies of templates."""
    create = BaseDatabaseCreation.create_test_db

    def create_copied(*args: Any, **kwargs: Any) -> str:
        with templates.copied():
            return create(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        if django_db_use_migrations:
            patch.setattr(BaseDatabaseCreation, "create_test_db", create_copied)
        yield


@pytest.fixture(scope="session", autouse=True)
def pages_are_recorded_alone(django_test_environment: None) -> Iterator[None]:
    """`response.context` is that of the page. Django copies the context of each template, of each option of a form."""
    record: Callable[[Template, Any], str] = Template._render

    def render(template: Template, context: Any) -> str:
        is_page = context.template is template and isinstance(context, RequestContext)
        return (record if is_page else render_unseen)(template, context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", render)
        yield


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    made = Databases()
    yield made
    made.close()


@pytest.fixture
def start_site(request: pytest.FixtureRequest) -> Iterator[StartSite]:
    yield from site_starter(request)


@pytest.fixture(scope="session")
def shared_site(request: pytest.FixtureRequest) -> Iterator[StartSite]:
    for start in site_starter(request):
        yield remembering(start)


def remembering(start: StartSite) -> StartSite:
    running: dict[str, Site] = {}

    def share(**shape: Any) -> Site:
        key = repr(sorted(shape.items()))
        if key not in running:
            running[key] = start(**shape)
        return running[key]

    return share


def site_starter(request: pytest.FixtureRequest) -> Iterator[StartSite]:
    """`start(server=…, bus=…, database=…, …)`; all that it started ends with the fixture."""
    databases: Databases = request.getfixturevalue("databases")
    with ExitStack() as stack:

        def start(bus: str = "memory", database: str = "sqlite", mqtt: str = "", **shape: Any) -> Site:
            if bus == "valkey":
                bus = os.environ.get("TEST_REDIS_URL") or request.getfixturevalue("valkey").url
            if database == "sqlite":
                database = databases.sqlite()
            elif database == "postgres":
                database = databases.postgres(request.getfixturevalue("postgres_url"))
            if mqtt == "embedded":
                shape |= embedded_mqtt()
            elif mqtt == "mosquitto":
                shape["broker"] = stack.enter_context(contextmanager(started)(Mosquitto))
            elif mqtt == "rabbitmq":
                shape["broker"] = request.getfixturevalue("rabbitmq")
            site = Site(database, "" if bus == "memory" else bus, **shape)
            stack.callback(site.close)
            site.start()
            return site

        yield start
