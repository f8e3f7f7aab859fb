"""What scripts say, in the reader's language."""

from typing import Any

from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page
from django.views.i18n import JavaScriptCatalog


def catalog_of(*apps: str) -> Any:
    """The view of a catalog with the words of these apps, and of the site itself. It holds no secret, so it may be
    compressed."""
    return gzip_page(conditional_page(JavaScriptCatalog.as_view(packages=apps)))
