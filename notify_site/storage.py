"""Where the static files of `make dist` are kept."""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from whitenoise.storage import CompressedManifestStaticFilesStorage

from . import assets

FACADE = re.compile(r'import"(?P<chunk>\.[^"]+)"\s*')  # a script that does nothing but load a chunk


class BundleStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """A hash in every name, modules that import each other included.

    The bundler splits its entries from the chunks that they share. `{% static %}` leads to the chunk itself, where an
    entry only loads one: a request less.
    """

    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        yield from super().post_process(paths, dry_run, **options)
        if dry_run:
            return
        for name in paths:
            if chunk := self._chunk_of(name):
                self.hashed_files[self.hash_key(name)] = chunk
        self.save_manifest()
        assets.mark(settings.STATIC_DIST, settings.BASE_DIR)

    def _chunk_of(self, name: str) -> str:
        """The chunk that this entry loads, "" for any other file."""
        if not name.endswith(".js"):
            return ""
        with self.open(name) as file:
            facade = FACADE.fullmatch(file.read(200).decode(errors="ignore"))
        return posixpath.normpath(posixpath.join(name, "..", facade["chunk"])) if facade else ""
