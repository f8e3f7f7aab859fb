"""What every view of the demo site needs from a request."""

from typing import cast

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme


def signed_in(request: HttpRequest) -> User:
    """The user of a request that `login_required` let through."""
    return cast(User, request.user)


def back(request: HttpRequest, default: str, anchor: str = "") -> HttpResponseRedirect:
    """To the page the form stood on (`next`), if it is one of ours, else to `default`."""
    url = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    target = url if safe else default
    return HttpResponseRedirect(f"{target}#{anchor}" if anchor else target)
