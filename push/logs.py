"""For the site's LOGGING, which is set up before any app is loaded: whose request it was, and nothing secret."""

import logging
import re
import uuid
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter

REDACTED = "-"
IN_TEXT = re.compile(r"([?&]ticket=)[^&\s\"']+")
NO_REQUEST = "-"
VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# The id of the request that is being served here; "" outside of any.
request_id: ContextVar[str] = ContextVar("request_id", default="")


def valid_or_new(given: str) -> str:
    """The id that a request brings (`X-Request-ID`) if it can stand in a log and a header, else one of our own."""
    return given if VALID_ID.fullmatch(given) else uuid.uuid4().hex


class RequestId(logging.Filter):
    """For log handlers: `request_id` on every record, "-" outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django logs its answers after the middleware, but names the request.
        of_request = getattr(getattr(record, "request", None), "request_id", "")
        record.request_id = of_request or request_id.get() or NO_REQUEST
        return True


class RedactTickets(logging.Filter):
    """For log handlers: `?ticket=…` is no one's business. Needed where something else logs whole addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        redacted = redact(message)
        if redacted != message:
            record.msg, record.args = redacted, None
        return True


def redact(text: str) -> str:
    return IN_TEXT.sub(rf"\1{REDACTED}", text)


class JsonLines(JsonFormatter):
    """A record as one line of JSON: these fields and no others, since libraries attach whole requests to theirs."""

    NAMES = {"levelname": "level", "name": "logger"}
    FIELDS = ("time", "level", "logger", "message", "request_id", "status_code", "exc_info", "stack_info")

    def __init__(self) -> None:
        super().__init__(["levelname", "name", "message"], rename_fields=self.NAMES, timestamp="time")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        found = {field: log_data[field] for field in self.FIELDS if log_data.get(field) is not None}
        return {field: redact(value) if field == "exc_info" else value for field, value in found.items()}
