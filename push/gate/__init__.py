"""Who may connect, and how much a client may send: origins, credentials, limits. It reads nothing from the database."""

from ..wire.servers import Scope
from .admission import Visitor, admit, build_request, log_exception, log_refusal
from .credentials import credential_of
from .origins import known_origin, normal, origin_allowed

__all__ = [
    "Scope",
    "Visitor",
    "admit",
    "build_request",
    "credential_of",
    "known_origin",
    "log_exception",
    "log_refusal",
    "normal",
    "origin_allowed",
]
