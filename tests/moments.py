"""Cases of days and moments. Each is tried with the server's code (tests/demo/test_days.py) and the browser's
(tests/browser/pages/test_days.py)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """At `now` in `zone`, an item of `moment` is listed under `heading`, with `text` in English."""

    zone: str
    now: str
    moment: str
    heading: str
    text: str

    def __str__(self) -> str:
        return f"{self.zone} {self.now} {self.moment}"


@dataclass(frozen=True)
class Offer:
    """What is offered for snoozing at `now` in `zone`, as instants."""

    zone: str
    now: str
    later: str | None
    tomorrow: str
    week: str

    def __str__(self) -> str:
        return f"{self.zone} {self.now}"


def _cases(zone: str, now: str, *expected: tuple[str, str, str]) -> list[Case]:
    return [Case(zone, now, *each) for each in expected]


CASES = [
    # An ordinary day: the limits of each heading.
    *_cases(
        "Europe/Berlin",
        "2026-11-28T11:00:00Z",
        ("2026-11-28T11:00:00Z", "Today", "12:00 PM"),
        ("2026-11-27T23:00:00Z", "Today", "12:00 AM"),
        ("2026-11-27T22:59:59Z", "Yesterday", "Yesterday"),
        ("2026-11-26T23:00:00Z", "Yesterday", "Yesterday"),
        ("2026-11-26T22:59:59Z", "Last 7 days", "Nov 26"),
        ("2026-11-21T23:00:00Z", "Last 7 days", "Nov 22"),
        ("2026-11-21T22:59:59Z", "Older", "Nov 21"),
        ("2025-12-31T23:00:00Z", "Older", "Jan 1"),
        ("2025-12-31T22:59:59Z", "Older", "Dec 31, 2025"),
    ),
    # A clock that is wrong: the item is of the reader's future.
    *_cases(
        "Europe/Berlin",
        "2026-11-28T11:00:00Z",
        ("2026-11-28T11:00:30Z", "Today", "12:00 PM"),
        ("2026-11-29T08:00:00Z", "Today", "9:00 AM"),
        ("2027-01-03T08:00:00Z", "Today", "9:00 AM"),
    ),
    # 29 March has 23 hours: 22.5 hours ago, and still two days.
    *_cases(
        "Europe/Berlin",
        "2026-03-29T21:30:00Z",
        ("2026-03-28T23:00:00Z", "Today", "12:00 AM"),
        ("2026-03-29T00:59:00Z", "Today", "1:59 AM"),
        ("2026-03-29T01:00:00Z", "Today", "3:00 AM"),
        ("2026-03-28T22:59:00Z", "Yesterday", "Yesterday"),
    ),
    *_cases(
        "Europe/Berlin",
        "2026-03-30T10:00:00Z",
        ("2026-03-28T23:00:00Z", "Yesterday", "Yesterday"),
        ("2026-03-28T22:59:00Z", "Last 7 days", "Mar 28"),
        ("2026-03-23T23:00:00Z", "Last 7 days", "Mar 24"),
        ("2026-03-23T22:59:00Z", "Older", "Mar 23"),
    ),
    # 25 October has 25 hours, and 2:30 twice.
    *_cases(
        "Europe/Berlin",
        "2026-10-25T22:59:00Z",
        ("2026-10-24T22:00:00Z", "Today", "12:00 AM"),
        ("2026-10-25T00:30:00Z", "Today", "2:30 AM"),
        ("2026-10-25T01:30:00Z", "Today", "2:30 AM"),
        ("2026-10-24T21:59:00Z", "Yesterday", "Yesterday"),
    ),
    *_cases(
        "Europe/Berlin",
        "2026-10-26T22:59:00Z",
        ("2026-10-24T22:00:00Z", "Yesterday", "Yesterday"),
        ("2026-10-24T21:59:00Z", "Last 7 days", "Oct 24"),
        ("2026-10-19T22:00:00Z", "Last 7 days", "Oct 20"),
        ("2026-10-19T21:59:00Z", "Older", "Oct 19"),
    ),
    # Clocks went from midnight to 1 o'clock on 4 November 2018, and have not been changed since 2019.
    *_cases(
        "America/Sao_Paulo",
        "2018-11-04T12:00:00Z",
        ("2018-11-04T03:00:00Z", "Today", "1:00 AM"),
        ("2018-11-04T02:59:00Z", "Yesterday", "Yesterday"),
    ),
    *_cases(
        "America/Sao_Paulo",
        "2018-11-05T12:00:00Z",
        ("2018-11-04T03:00:00Z", "Yesterday", "Yesterday"),
        ("2018-11-04T02:59:00Z", "Last 7 days", "Nov 3"),
    ),
    *_cases(
        "America/Sao_Paulo",
        "2026-11-05T02:59:00Z",
        ("2026-11-04T03:00:00Z", "Today", "12:00 AM"),
        ("2026-11-04T02:59:00Z", "Yesterday", "Yesterday"),
    ),
    # 30 December 2011 never was there: nothing is of "yesterday".
    *_cases(
        "Pacific/Apia",
        "2011-12-31T00:00:00Z",
        ("2011-12-30T10:00:00Z", "Today", "12:00 AM"),
        ("2011-12-30T09:59:00Z", "Last 7 days", "Dec 29"),
    ),
    *_cases(
        "Pacific/Apia",
        "2012-01-01T00:00:00Z",
        ("2011-12-30T10:00:00Z", "Yesterday", "Yesterday"),
        ("2011-12-30T09:59:00Z", "Last 7 days", "Dec 29, 2011"),
    ),
    # 5 hours and 45 minutes.
    *_cases(
        "Asia/Kathmandu",
        "2026-11-28T18:14:00Z",
        ("2026-11-27T18:15:00Z", "Today", "12:00 AM"),
        ("2026-11-27T18:14:00Z", "Yesterday", "Yesterday"),
    ),
    # New Year comes to the first and to the last a day and two hours apart.
    *_cases(
        "Pacific/Kiritimati",
        "2026-12-31T10:00:00Z",
        ("2026-12-31T09:59:00Z", "Yesterday", "Yesterday"),
        ("2026-12-30T09:59:00Z", "Last 7 days", "Dec 30, 2026"),
    ),
    *_cases(
        "Etc/GMT+12",
        "2027-01-01T12:00:00Z",
        ("2027-01-01T11:59:00Z", "Yesterday", "Yesterday"),
        ("2026-12-26T12:00:00Z", "Last 7 days", "Dec 26, 2026"),
        ("2026-12-26T11:59:00Z", "Older", "Dec 25, 2026"),
    ),
    *_cases(
        "UTC",
        "2028-02-29T23:59:59Z",
        ("2028-02-29T00:00:00Z", "Today", "12:00 AM"),
        ("2028-02-28T23:59:59Z", "Yesterday", "Yesterday"),
    ),
    *_cases("UTC", "2028-03-01T00:00:00Z", ("2028-02-29T23:59:59Z", "Yesterday", "Yesterday")),
    *_cases("UTC", "2027-03-01T00:00:00Z", ("2027-02-28T23:59:59Z", "Yesterday", "Yesterday")),
]

OFFERS = [
    # 23:30, and the limits of "later today": 20:01 would be midnight.
    Offer(
        "Europe/Berlin", "2026-11-28T22:30:00Z",
        None, "2026-11-29T08:00:00Z", "2026-11-30T08:00:00Z",
    ),
    Offer(
        "Europe/Berlin", "2026-11-28T19:00:59Z",
        "2026-11-28T22:00:00Z", "2026-11-29T08:00:00Z", "2026-11-30T08:00:00Z",
    ),
    Offer(
        "Europe/Berlin", "2026-11-28T19:01:00Z",
        None, "2026-11-29T08:00:00Z", "2026-11-30T08:00:00Z",
    ),
    # Sunday and Monday.
    Offer(
        "Europe/Berlin", "2026-11-29T10:10:00Z",
        "2026-11-29T14:00:00Z", "2026-11-30T08:00:00Z", "2026-11-30T08:00:00Z",
    ),
    Offer(
        "Europe/Berlin", "2026-11-29T23:10:00Z",
        "2026-11-30T03:00:00Z", "2026-12-01T08:00:00Z", "2026-12-07T08:00:00Z",
    ),
    # The day before clocks change, and the days themselves: three hours are three, 9 o'clock is 9 o'clock.
    Offer(
        "Europe/Berlin", "2026-03-28T09:01:00Z",
        "2026-03-28T13:00:00Z", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z",
    ),
    Offer(
        "Europe/Berlin", "2026-03-28T23:30:00Z",
        "2026-03-29T03:00:00Z", "2026-03-30T07:00:00Z", "2026-03-30T07:00:00Z",
    ),
    Offer(
        "Europe/Berlin", "2026-10-24T09:01:00Z",
        "2026-10-24T13:00:00Z", "2026-10-25T08:00:00Z", "2026-10-26T08:00:00Z",
    ),
    Offer(
        "Europe/Berlin", "2026-10-24T21:59:00Z",
        None, "2026-10-25T08:00:00Z", "2026-10-26T08:00:00Z",
    ),
    Offer(
        "Europe/Berlin", "2026-10-24T22:00:00Z",
        "2026-10-25T01:00:00Z", "2026-10-26T08:00:00Z", "2026-10-26T08:00:00Z",
    ),
    # The second of the two hours that are called 2.
    Offer(
        "Europe/Berlin", "2026-10-24T22:00:20Z",
        "2026-10-25T01:00:00Z", "2026-10-26T08:00:00Z", "2026-10-26T08:00:00Z",
    ),
    Offer(
        "Europe/Berlin", "2026-10-24T21:40:00Z",
        None, "2026-10-25T08:00:00Z", "2026-10-26T08:00:00Z",
    ),
    # A day without a midnight, and one that never was.
    Offer(
        "America/Sao_Paulo", "2018-11-03T20:00:00Z",
        "2018-11-03T23:00:00Z", "2018-11-04T11:00:00Z", "2018-11-05T11:00:00Z",
    ),
    Offer(
        "Pacific/Apia", "2011-12-29T20:30:00Z",
        "2011-12-30T00:00:00Z", "2011-12-30T19:00:00Z", "2012-01-01T19:00:00Z",
    ),
    # Quarters of an hour.
    Offer(
        "Asia/Kathmandu", "2026-11-27T06:15:00Z",
        "2026-11-27T09:15:00Z", "2026-11-28T03:15:00Z", "2026-11-30T03:15:00Z",
    ),
    Offer(
        "Asia/Kathmandu", "2026-11-27T06:16:00Z",
        "2026-11-27T10:15:00Z", "2026-11-28T03:15:00Z", "2026-11-30T03:15:00Z",
    ),
    # New Year.
    Offer(
        "UTC", "2026-12-31T12:00:00Z",
        "2026-12-31T15:00:00Z", "2027-01-01T09:00:00Z", "2027-01-04T09:00:00Z",
    ),
]  # fmt: skip

LANGUAGES = ("en", "de", "zh-hans", "ar")
