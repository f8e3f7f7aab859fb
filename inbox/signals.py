"""The signals of the inbox. They are sent after the commit, never before.

`mailbox_changed(user_ids, item)`: the state of these users may have changed. `user_ids` is a list of ids as they stand
in JSON. `item` is the event type of a message that arrived ("comment"), or None if no item arrived. With “back:” before
it ("back:comment", "back:broadcast"), items of this type have come back at the end of a snooze.

`broadcast_changed(item)`: the state of every user may have changed. `item` is the ref of a broadcast that was just
published ("broadcast-4"), or None.

`send_queued(send_id)`: a send has chunks to write (`services.work_off`). A receiver is optional, because sweeps find
these sends, too.

`correction_queued(correction_id)`: messages are to be recalled or rewritten (`services.work_off_correction`). A
receiver is optional, because sweeps find these corrections, too.

`undone_found(is_due, user_ids)`: a read has found work undone: broadcasts or snoozes are due, or these users have no
mailbox yet, or a mailbox with another staff flag. `services.mend` does the work; `inbox.services.mender` calls it on a
thread.

`users_deleted()`: messages still name deleted users (`services.forget_deleted_users`). A receiver is optional, because
sweeps find these users, too.

`ticket_minted(user_id, purpose, ticket, expires)`: a ticket was minted; sent before the response. `purpose` is "" or
one that another app has registered, `ticket` the text, `expires` a time in Unix seconds. If a receiver raises, this is
logged, and the ticket is returned nevertheless.

`credentials_changed(user_ids)`: a session, ticket, password or account of these users may have ended. `user_ids` is a
list of ids as they stand in JSON, or None for everybody. A receiver that holds connections of these users checks their
credentials again (`sessions.users_of`, `tickets.users_of`), and closes those that are no longer valid. The signal is
sent when a user logs out, is saved or is deleted, when `services.end_session` is called, and when a service token is
revoked or deleted. It is not sent when a session or token expires, when a session is deleted, or for
`QuerySet.update()`. So check periodically, too.
"""

from django.dispatch import Signal

mailbox_changed = Signal()
broadcast_changed = Signal()
send_queued = Signal()
correction_queued = Signal()
undone_found = Signal()
users_deleted = Signal()
ticket_minted = Signal()
credentials_changed = Signal()
