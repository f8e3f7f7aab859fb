"""Saved filters of people, for other services: `audience-filters/`. They are made and changed in the admin."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from ... import selectors
from ...models import AudienceFilter, Scope
from ...models.broadcasts.filters import CONDITIONS
from ..shared.auth import Service
from ..shared.document import answers
from ..shared.throttle import add_rate_limit_headers
from .filter_schemas import AudienceFilterList, AudienceFilterQuery

router = Router()
router.add_decorator(add_rate_limit_headers, mode="view")


@router.get(
    "audience-filters/",
    auth=Service(Scope.BROADCASTS_READ),
    response=answers({200: AudienceFilterList}, 403, 422),
    operation_id="listAudienceFilters",
    summary="All saved filters of people, page by page",
)
def audience_filters(request: HttpRequest, query: Query[AudienceFilterQuery]) -> dict[str, Any]:
    """Newest first. A broadcast names them in `filters` and in `excluded.filters`. They are made in the admin."""
    page = selectors.filters_page(**query.model_dump())
    return {"items": [_document(row) for row in page.items], "next": page.next}


def _document(row: AudienceFilter) -> dict[str, Any]:
    given = row.conditions
    days = {name: given[name].isoformat() for name in ("joined_after", "joined_before") if name in given}
    return {"id": row.pk, "name": row.name} | dict.fromkeys(CONDITIONS) | given | days
