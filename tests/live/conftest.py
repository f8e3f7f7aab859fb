"""Sites that several files of these tests share."""

import pytest

from tests.conftest import StartSite
from tests.live.answers import LIMITS
from tests.servers import Site


@pytest.fixture(params=["daphne", "httptools", "h11"])
def any_site(shared_site: StartSite, request: pytest.FixtureRequest) -> Site:
    """A site with low limits on requests, with each parser of HTTP."""
    if request.param == "daphne":
        return shared_site(server="daphne", bus="memory", **LIMITS)
    return shared_site(server="uvicorn", UVICORN_HTTP=request.param, UVICORN_TIMEOUT_KEEP_ALIVE=30, **LIMITS)
