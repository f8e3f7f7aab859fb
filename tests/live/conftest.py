"""Sites that several files of these tests share."""

import pytest

from tests.conftest import StartSite
from tests.live.answers import site_with
from tests.servers import Site


@pytest.fixture(params=["daphne", "httptools", "h11"])
def any_site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    """A site with low limits on requests, with each parser of HTTP."""
    return site_with(request.param, shared_site)
