"""What probes and Prometheus ask. Plain English: programs read it."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

from inbox.http.preconditions import SAFE

from ..gate.methods import only
from . import metrics, readiness

metrics.register()


@never_cache
@only(*SAFE)
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. It touches nothing else, so that nobody kills it for another's failure."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@only(*SAFE)
def readyz(request: HttpRequest) -> HttpResponse:
    """200 if all that is needed is there, else 503. `?exclude=worker&exclude=beat` leaves some out, as for a balancer
    that should not turn everybody away because a worker died."""
    excluded = request.GET.getlist("exclude")
    checks = {name: finding for name, finding in readiness.find().items() if name not in excluded}
    ready = all(finding.ok for finding in checks.values())
    document = {"ok": ready, "checks": {name: finding._asdict() for name, finding in checks.items()}}
    response = JsonResponse(document, status=200 if ready else 503)
    # Django logs a 503 as an error of ours, and may mail it, every few seconds; what fails is logged once instead.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


@never_cache
@only(*SAFE)
def prometheus(request: HttpRequest) -> HttpResponse:
    """The metrics of this process, with whatever else the site has put into prometheus_client's registry."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(REGISTRY), content_type=content_type)


ALL = {"healthz": healthz, "readyz": readyz, "metrics": prometheus}
