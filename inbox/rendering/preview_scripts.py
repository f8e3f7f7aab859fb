"""The scripts and styles of the preview of an announcement (`inbox/admin/preview.py`). Other apps add theirs in
`AppConfig.ready`: banners, the bell and toasts are not of the inbox. Paths are as `{% static %}` takes them."""

scripts = ["inbox/admin/preview.js"]
styles = ["inbox/inbox.css", "inbox/admin/preview.css"]


def add(script: str, style: str) -> None:
    """Add a module that shows the announcement in other places (`addPlace` in places.js), and its style sheet."""
    scripts.append(script)
    styles.append(style)
