"""Visits: which subject a page shows, and at which version of its reader's mailbox, signed by the page's server."""

from django.core import signing
from django.utils.translation import gettext as _

from ..errors import BadValue
from .snapshots import UserId
from .subjects import is_subject

SALT = "inbox.visits"
LIFETIME = 24 * 60 * 60  # seconds; a tab that is shown for the first time after that marks nothing


def visit_of(user: UserId, subject: str, version: int) -> str:
    """The signed visit. `version` was read before anything that the page shows about the subject."""
    return signing.dumps([user, subject, version], salt=SALT)


def read_visit(visit: str, user: UserId) -> tuple[str, int]:
    """Subject and version. Raises BadValue if the visit is another user's, too old, or not signed by this site."""
    try:
        found = signing.loads(visit, salt=SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError) as error:
        raise BadValue(_("This visit is not valid, or no longer.")) from error
    match found:
        case [owner, str(subject), int(version)] if owner == user and is_subject(subject):
            return subject, version
    raise BadValue(_("This visit is not valid, or no longer."))
