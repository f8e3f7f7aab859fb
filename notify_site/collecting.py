"""Settings of `collectstatic` at `make dist`: the bundles lie over the modules of the same names."""

from . import assets
from .settings import *  # noqa: F403

STATIC_ROOT = STATIC_DIST / "static"  # noqa: F405
STATICFILES_DIRS = [STATIC_DIST / "bundle"]  # noqa: F405
STORAGES = assets.STORAGES
