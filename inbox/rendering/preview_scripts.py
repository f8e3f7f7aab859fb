"""The scripts of the preview of an announcement (`inbox/admin/preview.py`). Other apps add theirs in `AppConfig.ready`,
because the bell and its toasts are not the inbox's."""

_paths = ["inbox/admin/preview.js"]


def add(path: str) -> None:
    """Add a module, as `{% static %}` takes it. It shows the announcement in a place (`addPlace` in preview.js)."""
    _paths.append(path)


def paths() -> list[str]:
    return list(_paths)
