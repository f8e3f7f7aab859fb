"""Problem documents (RFC 9457), for the API and for refused connections."""

from http import HTTPStatus

MEDIA_TYPE = "application/problem+json"
# RFC 9110's phrases where Python's differ, or differ between its versions.
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


def document(status: int, detail: str, code: str, **extensions: object) -> dict[str, object]:
    """The members `{type, title, status, detail, code, …extensions}`: `detail` is a sentence for a person, `code` a
    stable word for programs."""
    title = PHRASES.get(status) or HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code, **extensions}
