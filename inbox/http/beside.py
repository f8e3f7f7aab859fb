"""Addresses of other pages of the inbox."""

from django.http import HttpRequest
from django.urls import reverse


def beside(request: HttpRequest, name: str) -> str:
    """The URL of a page of this urlconf, in whatever namespaces the site has included it."""
    match = request.resolver_match
    return reverse(":".join([*(match.namespaces if match else []), name]))
