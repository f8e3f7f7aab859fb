"""`POST inbox/events/`: what a page has shown, what of it was seen, and which links of announcements were followed."""

from typing import Annotated, Any, Literal, Self

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ... import services
from ...core.validators import MAX_BUTTONS
from ...models import Noticed, Surface
from ...services.engagement import BATCH
from ..shared.auth import owner
from ..shared.document import answers
from ..shared.limits import KIB, json_body
from ..shared.schemas import ABSENT, WHOLE, Ref, SeenVersion

router = Router()
router.add_decorator(json_body(32 * KIB), mode="view")

BUTTONS = (Noticed.BUTTON_0, Noticed.BUTTON_1)


class NewEvent(BaseModel):
    """A broadcast was on an open page, the user saw it, or the user followed its link or one of its buttons."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"if": {"required": ["button"]}, "then": {"properties": {"what": {"const": "clicked"}}}},
    )

    ref: Ref
    what: Literal["shown", "seen", "clicked"] = Field(
        description="`shown`: it was on an open page, whether or not anybody looked. `seen`: it was in the visible "
        "part of a visible page. `clicked`: its link or button was followed. Each implies those before it."
    )
    button: Annotated[int, Field(strict=True, ge=0, lt=MAX_BUTTONS), WHOLE] = Field(
        default=ABSENT, description="The position of the button that was clicked; without it, it was the link."
    )
    surface: Surface = Field(default=ABSENT, description="Where it was shown.")
    version: SeenVersion = Field(
        default=ABSENT, description="`version` of what was on screen: void if the broadcast was shown again since."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.button is not None and self.what != "clicked":
            raise ValueError(_("Only what is “clicked” has a button."))
        return self

    def event(self) -> services.Event:
        clicked = Noticed.LINK if self.button is None else BUTTONS[self.button]
        what = clicked if self.what == "clicked" else Noticed(self.what)
        return services.Event(self.ref, what, self.surface or "", self.version)


class NewEvents(BaseModel):
    """What happened since the last batch."""

    model_config = ConfigDict(extra="forbid")

    events: list[NewEvent] = Field(min_length=1, max_length=BATCH)


@router.post(
    "inbox/events/",
    response=answers({204: None}, 400, 403, 413, 415, 422),
    operation_id="noteEvents",
    summary="Note what was shown, seen and clicked",
)
def note(request: HttpRequest, body: NewEvents) -> Any:
    """For the authors of broadcasts. Each counts once for each user; it reads nothing, and changes no version. What the
    user can't see is passed over."""
    services.note_events(owner(request), [event.event() for event in body.events])
    return Status(204, None)
