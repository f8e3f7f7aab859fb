"""Rules of repetition: dateutil's occurrences, in local time; and sentences about rules that say nothing."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from inbox.core.recurrence import CYCLE, WEEKDAYS, Recurrence, parts_of, written
from inbox.errors import BadValue

from .examples import examples

pytestmark = [pytest.mark.anywhere, pytest.mark.any_django]
BERLIN = "Europe/Berlin"
NINE = datetime(2026, 11, 30, 9)


def some(choices: list[str], most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(choices), min_size=1, max_size=most, unique=True).map(",".join)


def numbers(*values: int) -> list[str]:
    return [str(value) for value in values]


days_of_month = some(numbers(*range(1, 32), *range(-31, 0)))
months = some(numbers(*range(1, 13)))
numbered = some([f"{n}{day}" for n in ("1", "2", "+3", "-1", "") for day in WEEKDAYS])
parts = st.one_of(
    st.fixed_dictionaries({"FREQ": st.just("DAILY")}, optional={"BYDAY": some([*WEEKDAYS], 7), "BYMONTH": months}),
    st.fixed_dictionaries({"FREQ": st.just("WEEKLY")}, optional={"BYDAY": some([*WEEKDAYS], 7)}),
    st.fixed_dictionaries({"FREQ": st.just("MONTHLY")}, optional={"BYMONTHDAY": days_of_month, "BYMONTH": months}),
    st.fixed_dictionaries({"FREQ": st.just("MONTHLY"), "BYDAY": some([*WEEKDAYS], 7), "BYSETPOS": some(["1", "-1"])}),
    st.fixed_dictionaries({"FREQ": st.just("MONTHLY"), "BYDAY": numbered}),
    st.fixed_dictionaries({"FREQ": st.just("YEARLY")}, optional={"BYMONTH": months, "BYDAY": numbered}),
)
ends = st.sampled_from([{}, {"COUNT": "1"}, {"COUNT": "7"}, {"UNTIL": "20310101T120000"}, {"INTERVAL": "3"}])
starts = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda found: found.replace(microsecond=0))


@examples(60)
@given(st.builds(dict.__or__, parts, ends), starts)
def test_occurrences_are_those_of_dateutil_in_local_time(rule: dict[str, str], start: datetime) -> None:
    expected = list(islice(rrulestr(written(rule), dtstart=start), 20))
    assume(expected)
    assert list(islice(Recurrence.of(written(rule), start, BERLIN).local(), 20)) == expected


@examples(60)
@given(parts, starts, st.sampled_from([BERLIN, "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]))
def test_every_occurrence_is_at_the_same_local_time(rule: dict[str, str], start: datetime, zone: str) -> None:
    """Unless a clock change skips this time; and each is later than the one before."""
    found = Recurrence(rule, start, ZoneInfo(zone))
    moments = list(islice(found.occurrences(), 20))
    assert all(one < two for one, two in pairwise(moments))
    for moment, local in zip(moments, found.local(), strict=False):
        shown = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert shown == local or timedelta(0) < shown - local <= timedelta(hours=1)


def test_the_calendar_repeats_after_the_years_by_which_it_is_moved() -> None:
    first, later = (datetime(2000 + years, 3, 1) for years in (0, CYCLE))
    assert (later - first).days % 7 == 0
    assert [datetime(2000 + n, 12, 31).timetuple().tm_yday for n in range(CYCLE)] == [
        datetime(2000 + CYCLE + n, 12, 31).timetuple().tm_yday for n in range(CYCLE)
    ]


class TestClockChanges:
    """Europe/Berlin: on 2027-03-28, 2:00 to 3:00 is skipped; on 2027-10-31, it comes twice."""

    def around(self, start: datetime) -> list[str]:
        found = Recurrence.of("FREQ=DAILY", start, BERLIN).after(datetime(2020, 1, 1, tzinfo=UTC), 3)
        return [f"{moment:%dT%H:%M}" for moment in found]

    def test_nine_stays_nine(self) -> None:
        assert self.around(datetime(2027, 3, 27, 9)) == ["27T08:00", "28T07:00", "29T07:00"]
        assert self.around(datetime(2027, 10, 30, 9)) == ["30T07:00", "31T08:00", "01T08:00"]

    def test_a_time_that_is_skipped_moves_forward(self) -> None:
        assert self.around(datetime(2027, 3, 27, 2, 30)) == ["27T01:30", "28T01:30", "29T00:30"]  # 28: 3:30

    def test_of_a_time_that_comes_twice_the_first_counts(self) -> None:
        assert self.around(datetime(2027, 10, 30, 2, 30)) == ["30T00:30", "31T00:30", "01T01:30"]

    def test_a_day_that_a_zone_has_skipped_comes_once(self) -> None:
        """2011-12-30 does not exist in Samoa: moved forward by a day, it is the next."""
        found = Recurrence.of("FREQ=DAILY", datetime(2011, 12, 29, 9), "Pacific/Apia")
        days = [moment.astimezone(ZoneInfo("Pacific/Apia")).day for moment in islice(found.occurrences(), 3)]
        assert days == [29, 31, 1]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=WEEKLY;BYDAY=MO", ["11-30", "12-07", "12-14"]),
        ("rrule:freq=weekly;interval=2", ["11-30", "12-14", "12-28"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["11-30", "12-31", "01-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["12-31", "01-31", "03-31"]),
        ("FREQ=MONTHLY;BYDAY=1MO", ["12-07", "01-04", "02-01"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["11-30", "12-31", "01-29"]),
        ("FREQ=DAILY;UNTIL=20261201", ["11-30", "12-01"]),
        ("FREQ=DAILY;UNTIL=20261201T080000Z", ["11-30", "12-01"]),  # 9:00 in Berlin
        ("FREQ=DAILY;UNTIL=20261201T075959Z", ["11-30"]),
        ("FREQ=DAILY;COUNT=2", ["11-30", "12-01"]),
        ("FREQ=YEARLY;UNTIL=29991231", ["11-30", "11-30", "11-30"]),
    ],
)
def test_what_rules_mean(rule: str, days: list[str]) -> None:
    found = Recurrence.of(rule, NINE, BERLIN)
    assert [f"{local:%m-%d}" for local in islice(found.local(), 3)] == days


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("FREQ=HOURLY", "once a day"),
        ("FREQ=MINUTELY;INTERVAL=2880", "once a day"),
        ("FREQ=DAILY;BYHOUR=9,17", "once a day"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "no such date"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "no such date"),
        ("FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=2", "no such date"),
        ("FREQ=DAILY;UNTIL=20261129", "no such date"),
        ("", "not a rule"),
        ("BYDAY=MO", "not a rule"),
        ("FREQ=DAILY;FREQ=WEEKLY", "not a rule"),
        ("FREQ=DAILY;", "not a rule"),
        ("FREQ=DAILY\nDTSTART:20200101", "not a rule"),
        ("FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 80), "not a rule"),
        ("FREQ=SOMETIMES", "not understood: FREQ=SOMETIMES"),
        ("FREQ=DAILY;INTERVAL=0", "not understood"),
        ("FREQ=DAILY;INTERVAL=100", "not understood"),
        ("FREQ=DAILY;COUNT=1000", "not understood"),
        ("FREQ=DAILY;UNTIL=20260230", "not understood"),
        ("FREQ=DAILY;UNTIL=99990101", "not understood"),
        ("FREQ=WEEKLY;BYDAY=XX", "not understood"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "not understood"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "not understood"),
        ("FREQ=YEARLY;BYMONTH=-1", "not understood"),
        ("FREQ=YEARLY;BYEASTER=0", "not understood"),
        ("FREQ=YEARLY;BYWEEKNO=1", "not understood"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20300101", "not both"),
        ("FREQ=WEEKLY;BYDAY=1MO", "number a weekday"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "no BYMONTHDAY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS chooses"),
    ],
)
def test_rules_that_are_refused(rule: str, sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        Recurrence.of(rule, NINE, BERLIN)


@pytest.mark.parametrize("zone", ["", "Europe/Nowhere", "../etc/passwd", "x" * 65, "\x00", "Europe"])
def test_zones_that_are_refused(zone: str) -> None:
    with pytest.raises(BadValue, match="not the name of a time zone"):
        Recurrence.of("FREQ=DAILY", NINE, zone)


@pytest.mark.parametrize("year", [1999, 3000])
def test_years_that_are_refused(year: int) -> None:
    with pytest.raises(BadValue, match="between 2000 and 2999"):
        Recurrence.of("FREQ=DAILY", NINE.replace(year=year), BERLIN)


def test_a_rule_is_kept_in_one_form() -> None:
    assert written(parts_of(" rrule:Byday=mo;freq=Weekly ")) == "FREQ=WEEKLY;BYDAY=MO"
