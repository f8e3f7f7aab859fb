"""Reading a thousand badges: with broadcasts for everyone, and with as many for mixed audiences.

    python -m benchmarks.audiences [--users 1000] [--broadcasts 50] [--rounds 30]

The mixed ones are for everyone, staff, groups, several and lists; half of them leave somebody out. Prints medians on
PostgreSQL; both kinds take turns in the same run. Target: mixed at most 1.5 times everyone.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import stage
from benchmarks.snapshot import FEW, Cost, costs

GROUPS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description="Milliseconds per read of badges, by the audiences of broadcasts")
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--broadcasts", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.users, options.broadcasts, options.rounds)
        return
    print(f"Reading snapshots, ms, median of {options.rounds} rounds; {stage.load_note()}")
    with stage.postgres() as url:
        stage.run_child("benchmarks.audiences", url, [*sys.argv[1:], "--here"])


def measure(users: int, broadcasts: int, rounds: int) -> None:
    import django

    django.setup()
    crowd = stage.people(users)
    groups = grouped(crowd)
    receive(crowd)
    everyone = [made(n) for n in range(broadcasts)]
    mixed = [KINDS[n % len(KINDS)](made(n), n, groups, crowd) for n in range(broadcasts)]
    vacuum()
    found: dict[str, list[Cost]] = {"everyone": [], "mixed": []}
    for _turn in range(3):
        for name, rows in (("everyone", everyone), ("mixed", mixed)):
            only(rows)
            found[name].append(costs(crowd, rounds // 3))
    only([])
    rows = [costs(crowd, rounds).row(f"{users} users, no broadcast", users)]
    best = {name: min(each, key=lambda cost: cost.wall) for name, each in found.items()}
    rows += [cost.row(f"{users} users, {broadcasts} broadcasts: {name}", users) for name, cost in best.items()]
    rows.append([f"ratio (target 1.5): {best['mixed'].wall / best['everyone'].wall:.2f}", "", "", "", ""])
    stage.table(["", "wall", "Python CPU", "PostgreSQL CPU", "users/s of a core of Python"], rows)


def grouped(crowd: list[int]) -> list[Any]:
    """Each user is in two of ten groups; every twentieth is staff."""
    from django.contrib.auth.models import Group, User

    from inbox.models import Mailbox

    groups = Group.objects.bulk_create([Group(name=f"group {n}") for n in range(GROUPS)])
    member = User.groups.through
    member.objects.bulk_create(
        member(user_id=pk, group_id=groups[(n + step) % GROUPS].pk) for n, pk in enumerate(crowd) for step in (0, 3)
    )
    User.objects.filter(pk__in=crowd[::20]).update(is_staff=True)
    Mailbox.objects.filter(pk__in=crowd[::20]).update(is_staff=True)
    return groups


def receive(crowd: list[int]) -> None:
    from inbox import services
    from inbox.models import event_types

    types = list(event_types().values())
    for turn in range(FEW):
        kind = types[turn % len(types)]
        services.send(crowd, kind, actor=crowd[0], **stage.columns(kind))


def made(n: int) -> Any:
    from inbox.models import Broadcast

    return Broadcast.objects.create(title=f"Maintenance {n}")


def _everyone(row: Any, n: int, groups: list[Any], crowd: list[int]) -> Any:
    row.excluded_groups.add(groups[n % GROUPS])
    return row


def _staff(row: Any, n: int, groups: list[Any], crowd: list[int]) -> Any:
    row.audience = "staff"
    return row


def _groups(row: Any, n: int, groups: list[Any], crowd: list[int]) -> Any:
    row.audience = "groups"
    row.groups.set(groups[n % 5 : n % 5 + 5])
    listed(row, crowd[n::50], is_excluded=True)
    return row


def _several(row: Any, n: int, groups: list[Any], crowd: list[int]) -> Any:
    row.audience, row.with_staff = "several", True
    row.groups.set(groups[n % 3 : n % 3 + 3])
    listed(row, crowd[:100])
    return row


def _listed(row: Any, n: int, groups: list[Any], crowd: list[int]) -> Any:
    row.audience, row.excludes_staff = "several", True
    listed(row, crowd[n % 2 :: 2])
    return row


KINDS: tuple[Callable[..., Any], ...] = (_everyone, _staff, _groups, _several, _listed)


def listed(row: Any, users: list[int], is_excluded: bool = False) -> None:
    from inbox.models import BroadcastMember

    source = BroadcastMember.Source.LIST
    BroadcastMember.objects.bulk_create(
        BroadcastMember(broadcast=row, user_id=pk, is_excluded=is_excluded, source=source) for pk in users
    )


def only(rows: list[Any]) -> None:
    """These are live, the others are not."""
    from inbox.models import Broadcast, State

    Broadcast.objects.filter(state=State.LIVE).update(state=State.WITHDRAWN)
    for row in rows:
        row.state = State.LIVE
        row.save()
    vacuum()


def vacuum() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main()
