"""The REST API, version 1: `path("api/v1/", api.urls)`.

An endpoint is a selector or service, a schema (`schemas.py`) and a view in a router. This is the user's half; routers
of other callers (services with tokens) are added here with their own authentication and limits.
"""

from . import problems
from .auth import Session, Ticket
from .base import InboxAPI
from .mailbox import router
from .preferences import router as preferences_router
from .tickets import router as tickets_router

DESCRIPTION = """\
A user's notification center. A *snapshot* is the whole state of the badge; of two snapshots of one user
the one with the greater `version` is the newer. Every write answers with the snapshot after it.

Sign in with the session cookie. Writes also need the CSRF token, in the header `X-CSRFToken`. A client without
that cookie shows a ticket instead: `Authorization: Bearer …`.
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
api.add_router("", router, auth=[Ticket(), Session()], tags=["Inbox"])
api.add_router("", preferences_router, auth=[Ticket(), Session()], tags=["Preferences"])
api.add_router("", tickets_router, auth=Session(), tags=["Tickets"])
problems.install(api)
