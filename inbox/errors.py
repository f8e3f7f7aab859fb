"""The errors of services and selectors, with a text that the API, WebSockets and the admin can show."""

from django.utils.translation import gettext as _


class InboxError(ValueError):
    """A request that is refused. `code` is a stable word for programs, `detail` a sentence for people."""

    code = "error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(InboxError):
    """The object does not exist, or is not in this user's mailbox."""

    code = "not_found"


class BadValue(InboxError):
    """A value that is not allowed."""

    code = "bad_value"


class NotApproved(InboxError):
    """Under the four-eyes rule, another person has to do or see this first."""

    code = "not_approved"


class MayNotFollow(InboxError):
    """The site does not let this user follow this."""

    code = "may_not_follow"


class SiteFunctionFailed(InboxError):
    """A function that the site names in a setting has raised something, or returned what it must not."""

    code = "site_function_failed"


class Changed(InboxError):
    """The user acts on items that were shown, or rewritten and sent, again since. `refs`: which ones."""

    code = "changed"

    def __init__(self, refs: list[str]) -> None:
        super().__init__(_("This has changed since it was shown here. Read it again first."))
        self.refs = refs


class BadFields(BadValue):
    """Values that are not allowed together. `fields`: field name -> sentence."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class KeyTaken(InboxError):
    """The service has given this key to an earlier send. `send`: its number."""

    code = "key_taken"

    def __init__(self, key: str, send: int) -> None:
        super().__init__(_("“%s” is the key of an earlier message.") % key)
        self.send = send


class NotCorrectable(InboxError):
    """The messages of this send can't be recalled or rewritten any more."""

    code = "not_correctable"
