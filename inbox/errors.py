"""What a service or selector refuses, in words that every edge (REST, WebSocket, admin) can show."""


class InboxError(ValueError):
    """A request that cannot be served. `code` is a stable word, `detail` a sentence for a person."""

    code = "error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(InboxError):
    """No such thing in this user's mailbox; also what somebody else's message looks like."""

    code = "not_found"


class BadValue(InboxError):
    """A value outside what is allowed."""

    code = "bad_value"


class BadFields(BadValue):
    """Values that do not go together; `fields` says what is wrong with which."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields
