"""What the inbox tells the rest of the world, after commit and never before.

`mailbox_changed(user_ids, item)`: these users' state may have changed. `user_ids` is a list of ids as they stand
in JSON; `item` names the event type that arrived ("comment"), or is None if nothing arrived.

`broadcast_changed(item)`: everybody's state may have changed. `item` is the ref of a broadcast just published
("broadcast-4"), or None.

`send_queued(send_id)`: a send has parts to be worked off (`services.work_off`). Nobody need listen: sweeps find it too.

`undone_found(is_due, user_ids)`: a read found something undone and left it so: broadcasts are due, or these users have
no mailbox yet or another staff flag than it. `services.mend` does it; `inbox.services.mender` has it done on a thread.

`users_deleted()`: messages of others still name users who are gone (`services.forget_deleted_users`). Nobody need
listen: sweeps find it too.

`ticket_minted(user_id, purpose, ticket, expires)`: before the ticket is answered. `purpose` is "" or one that another
app has registered, `ticket` its text, `expires` in Unix seconds. A receiver that raises is logged; the ticket is
answered nevertheless.

`credentials_changed(user_ids)`: a session, ticket, password or account of these users may have ended. `user_ids` is a
list of ids as they stand in JSON, or None for everybody. Whoever holds a connection of theirs checks its credential
again (`sessions.users_of`, `tickets.users_of`) and ends it if that is no longer valid. Sent when somebody logs out, a
user is saved or deleted, `services.end_session` is called, or a service token is revoked or deleted. Not sent when a
session or token expires, when a session is deleted, nor for `QuerySet.update()`: also check periodically.
"""

from django.dispatch import Signal

mailbox_changed = Signal()
broadcast_changed = Signal()
send_queued = Signal()
undone_found = Signal()
users_deleted = Signal()
ticket_minted = Signal()
credentials_changed = Signal()
