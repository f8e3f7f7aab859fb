"""The site with its default settings, loaded once for all processes that are forked from here (tests/forks.py).

To load it is most of what the start of a process takes. A fork takes over classes and functions, but no settings: it
reads those of its own environment, and refuses to run if a setting that was read here has another value there.
"""

import gc
import os
import sys
from importlib import import_module, reload
from types import ModuleType
from unittest.mock import patch

import tests.libraries  # noqa: F401
from tests.forks import LOADED

ITS_OWN = {
    "DATABASES",  # for the length of names, see below
    "LOGGING",  # `django.setup()` configures it again
}
LENGTH = 63  # of names in PostgreSQL; SQLite has no limit
TWISTED = "twisted.internet.reactor"


def load() -> dict[str, object]:
    """Import the site; returns the settings that this has read, which LazySettings keeps."""
    import django
    from django.apps import apps
    from django.conf import settings

    # The app of Daphne installs Twisted's reactor, whose selector forks would share: they import it themselves.
    sys.modules["daphne.server"] = ModuleType("daphne.server")
    django.setup()
    import_module(settings.ROOT_URLCONF)
    del sys.modules["daphne.server"]
    for model in apps.get_models(include_auto_created=True):
        assert len(model._meta.db_table) <= LENGTH, f"{model} has another table on PostgreSQL than on SQLite"
    assert TWISTED not in sys.modules
    return {name: value for name, value in vars(settings).items() if name.isupper() and name not in ITS_OWN}


def renew() -> None:
    """In a fork: everything that depends on its environment. Raises RuntimeError for what cannot be renewed."""
    import axes.conf
    from django.conf import settings
    from django.core.cache import caches
    from django.db import connections
    from django.utils.functional import empty

    from inbox import conf

    for name in ("tests.site.settings", "notify_site.settings"):
        del sys.modules[name]
    settings._wrapped = empty
    for handler in (connections, caches):
        vars(handler).pop("settings", None)
        handler.__init__()  # type: ignore[misc]
    reload(axes.conf)  # which writes its defaults into the settings
    conf.STARTED = type(conf.STARTED).now(conf.STARTED.tzinfo)
    changed = [name for name, value in READ.items() if getattr(settings, name) != value]
    if changed:
        raise RuntimeError(f"tests/loaded.py has loaded the site with another value of {', '.join(changed)}")
    import_module("daphne.server")


with patch.dict(os.environ, {**LOADED, "DATABASE_URL": "sqlite://:memory:", "SECRET_KEY": "x" * 50}):
    READ = load()
gc.collect()
gc.freeze()
