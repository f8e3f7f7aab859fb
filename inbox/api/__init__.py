"""The REST API, version 1: `path("api/v1/", api.urls)`.

An endpoint is a selector or a service, a schema (`schemas.py`), and a view in a router. One half of the API is for the
signed-in user, with a session or a ticket. The other half is for services; each of its endpoints names the scope that
the token must have.
"""

from .service.broadcasts import router as broadcasts_router
from .service.corrections import router as corrections_router
from .service.filters import router as filters_router
from .service.messages import router as messages_router
from .service.receipts import router as receipts_router
from .service.series import router as series_router
from .service.users import router as users_router
from .shared import problems
from .shared.auth import Session, Ticket
from .shared.base import InboxAPI
from .user.announcements import router as announcements_router
from .user.events import router as events_router
from .user.mailbox import router
from .user.minting import router as tickets_router
from .user.preferences import router as preferences_router
from .user.subjects import router as subjects_router
from .user.threads import router as threads_router

DESCRIPTION = """\
A user's notification center. A *snapshot* is the whole state of the badge. Of two snapshots of one user,
the one with the greater `version` is newer. The response to every write is the snapshot after it.

Authenticate with the session cookie. Writes also need the CSRF token, in the header `X-CSRFToken`. A client without
that cookie sends a ticket instead: `Authorization: Bearer …`. Another service sends its token in the same way. With it,
it can use the endpoints under “For services” that its scopes allow, up to a limit per minute (`RateLimit`).
Every error is a problem document (RFC 9457).
"""

api = InboxAPI(
    title="Red Dot",
    version="1.0.0",
    description=DESCRIPTION,
    urls_namespace="inbox-api",
    openapi_url=None,  # base.py serves both itself
    docs_url=None,
)
# Before the mailbox: its `inbox/{ref}/` would match, too.
api.add_router("", announcements_router, auth=[Ticket(), Session()], tags=["Inbox"])
api.add_router("", threads_router, auth=[Ticket(), Session()], tags=["Inbox"])
api.add_router("", events_router, auth=[Ticket(), Session()], tags=["Inbox"])
api.add_router("", subjects_router, auth=[Ticket(), Session()], tags=["Following"])
api.add_router("", router, auth=[Ticket(), Session()], tags=["Inbox"])
api.add_router("", preferences_router, auth=[Ticket(), Session()], tags=["Preferences"])
api.add_router("", tickets_router, auth=Session(), tags=["Tickets"])
api.add_router("", messages_router, tags=["For services"])
api.add_router("", corrections_router, tags=["For services"])
api.add_router("", broadcasts_router, tags=["For services"])
api.add_router("", receipts_router, tags=["For services"])
api.add_router("", series_router, tags=["For services"])
api.add_router("", filters_router, tags=["For services"])
api.add_router("", users_router, tags=["For services"])
problems.install(api)
