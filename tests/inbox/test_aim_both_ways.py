"""The users of an audience, and the audiences of a user: both ways of asking agree."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inbox import services
from inbox.models import AudienceFilter, Broadcast, Mailbox, audiences
from inbox.selectors.audience import aim_of, aim_to_publish, users_in

from .examples import examples
from .people import joined, live, mend, newcomer, one_of, people

pytestmark = pytest.mark.django_db


picks = st.sets(st.integers(0, 3), max_size=3)
aims = st.fixed_dictionaries(
    {
        "audience": st.sampled_from(["everyone", "staff", "groups", "several"]),
        "with_staff": st.booleans(),
        "excludes_staff": st.booleans(),
        "late_joiners": st.booleans(),
        "groups": picks,
        "excluded_groups": picks,
        "people": picks,
        "excluded_people": picks,
        "filters": picks,
        "excluded_filters": picks,
    }
)


class Crowd:
    """Eight people: with and without groups, staff, a mailbox; some of them register between two broadcasts. Each of
    four filters finds one more of them."""

    def __init__(self) -> None:
        self.groups = [Group.objects.create(name=f"group{n}") for n in range(4)]
        self.people: list[Any] = []
        self.come()
        self.first = live()
        self.come()
        self.filters = [AudienceFilter.objects.create(name=str(n), active_since_days=n + 1) for n in range(4)]
        for n, pk in enumerate(self.people[1:5]):
            User.objects.filter(pk=pk).update(last_login=timezone.now() - timedelta(days=n, hours=1))

    def come(self) -> None:
        made = [newcomer(), newcomer(is_staff=True), *people(1), *people(1, is_staff=True)]
        for n, pk in enumerate(made):
            joined(pk, *self.groups[n : n + 2])
        self.people += made


@pytest.fixture(scope="module")
def crowd(in_one_transaction: None) -> Crowd:
    return Crowd()


@examples(15)
@given(aim=aims, is_first=st.booleans())
def test_both_ways_of_asking_agree(crowd: Crowd, aim: dict[str, Any], is_first: bool) -> None:
    rows, columns = dict(aim), {name: value for name, value in aim.items() if not isinstance(value, set)}
    news = crowd.first if is_first else Broadcast.objects.create(title="New")
    services.withdraw(news)
    Broadcast.objects.filter(pk=news.pk).update(**columns)
    news.refresh_from_db()
    news.groups.set(crowd.groups[n] for n in rows["groups"])
    news.excluded_groups.set(crowd.groups[n] for n in rows["excluded_groups"])
    for name in ("filters", "excluded_filters"):
        getattr(news, name).set(crowd.filters[n] for n in rows[name])
    for name in ("people", "excluded_people"):
        services.set_people(news, [crowd.people[2 * n] for n in rows[name]], is_excluded=name != "people")
    foreseen = set(users_in(aim_to_publish(news)).values_list("pk", flat=True))
    services.publish(news)
    mend(*crowd.people[::3])  # the others have a mailbox already, or none
    staffed = [pk for pk in crowd.people if Mailbox.objects.filter(pk=pk).exists() or not one_of(pk).is_staff]
    seen = {pk for pk in staffed if audiences.live_for(pk).filter(pk=news.pk).exists()}
    found = set(users_in(aim_of(news)).values_list("pk", flat=True))
    assert found & set(staffed) == seen
    assert found == foreseen  # what the form says before it is published
