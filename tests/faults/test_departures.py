"""A person who acted in many mailboxes, deleted in the admin: the rest is done whoever dies over it."""

from typing import Any

import pytest

from tests.conftest import StartSite
from tests.servers import Site, wait_for
from tools.stores import Valkey

TAKEN_OVER = 45.0  # seconds: a sweep takes over what has not come on for ten; the rest is for a busy machine
CROWD = """
    WITH crowd AS (
        INSERT INTO auth_user
            (username, password, is_superuser, is_staff, is_active, date_joined, first_name, last_name, email)
        SELECT 'crowd' || n, '', false, false, true, now(), '', '', '' FROM generate_series(1, {0}) n RETURNING id
    ), mailboxes AS (
        INSERT INTO inbox_mailbox (user_id, version, is_staff, audience_version, born_clock)
        SELECT id, 1, false, 0, 0 FROM crowd RETURNING user_id
    )
    INSERT INTO inbox_followmessage (recipient_id, seq, actor_id, url, created_at)
    SELECT user_id, 1, (SELECT id FROM auth_user WHERE username = 'carol'), '', now() FROM mailboxes
"""
PROGRESS = "SELECT done, total, finished_at IS NOT NULL FROM inbox_deleteduser"
STATE = """
    SELECT count(*), count(actor_id), min(version), max(version)
    FROM inbox_followmessage JOIN inbox_mailbox ON user_id = recipient_id
"""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("readers", [6_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_a_worker_killed_over_it(start_site: StartSite, own_valkey: Valkey, readers: int) -> None:
    site = start_site(server="uvicorn", bus=own_valkey.url, database="postgres", beat=True)
    site.call("sql", CROWD.format(readers))
    [[carol]] = site.call("sql", "SELECT id FROM auth_user WHERE username = 'carol'")
    with site.client("admin") as admin:
        assert admin.post(f"/admin/auth/user/{carol}/delete/", data={"post": "yes"}).status_code == 302
        wait_for(lambda: in_the_middle(site), what="a part of the messages")
        site.worker.kill()
        site.worker.start()
        assert str(readers) in admin.get("/admin/inbox_internals/deleteduser/").text
    while (before := progress(site))[2] is False:
        wait_for(lambda before=before: progress(site) != before, TAKEN_OVER, what="the next batch")
    assert progress(site) == [readers, readers, True]
    assert site.call("sql", STATE) == [[readers, 0, 2, 2]]


def progress(site: Site) -> list[Any]:
    [row] = site.call("sql", PROGRESS)
    return list(row)


def in_the_middle(site: Site) -> bool:
    done, total, _is_over = progress(site)
    assert done < total, "the worker was too quick for this test"
    return bool(done)
