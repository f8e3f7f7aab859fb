"""What a connection shows to say whose it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credential:
    """`scheme` names who can verify the key (`push.hub.queries.VERIFIERS`)."""

    scheme: str
    key: str
