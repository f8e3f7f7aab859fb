"""For the site's LOGGING, which is set up before any app is loaded."""

import logging
import re

REDACTED = "-"
IN_TEXT = re.compile(r"([?&]ticket=)[^&\s\"']+")


class RedactTickets(logging.Filter):
    """For log handlers: `?ticket=…` is no one's business. Needed where something else logs whole addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        redacted = IN_TEXT.sub(rf"\1{REDACTED}", message)
        if redacted != message:
            record.msg, record.args = redacted, None
        return True
