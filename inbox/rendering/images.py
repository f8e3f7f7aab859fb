"""The images that an announcement may show: the site's own media, and those of hosts that the site names."""

from urllib.parse import urlsplit

from django.conf import settings

from .. import conf
from .links import is_link


def is_own_or_allowed(address: str) -> bool:
    """The same for pictures that the site's own code names: any path on this site will do."""
    return (address.startswith("/") and is_link(address)) or is_allowed(address)


def is_allowed(address: str) -> bool:
    """Whether it is an https address at one of `INBOX_IMAGE_HOSTS`, or below `MEDIA_URL`."""
    if not is_link(address):
        return False
    media = str(settings.MEDIA_URL)
    if len(media) > 1 and address.startswith(media) and ".." not in address:
        return True
    parts = urlsplit(address)
    return parts.scheme == "https" and parts.netloc.lower() in conf.image_hosts()
