"""Who may connect, and how much a client may send: origins, credentials, limits. It reads nothing from the database."""

from .admission import (
    Scope,
    Visitor,
    admit,
    build_request,
    credential_of,
    known_origin,
    log_exception,
    log_refusal,
    normal,
    origin_allowed,
)

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
