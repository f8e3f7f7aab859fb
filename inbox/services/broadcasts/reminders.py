"""Reminders: a broadcast of its own for those who have not done yet what another one asks for."""

from django.conf import settings
from django.db import connections, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override

from ...core.users import SiteUser
from ...core.validators import MAX_TITLE
from ...errors import BadValue
from ...models import Audience, Broadcast, BroadcastMember, Source, aim, ledger
from ...selectors.effects.effect import Who, people, yet_to
from .copies import columns_of, inserted, note_created
from .states import existing


@ledger.retrying
def remind(author: SiteUser, original: Broadcast) -> Broadcast:
    """A draft with the same text for those of the audience who have yet to read the broadcast or, if it has a dialog,
    to confirm it. It is an item in their inboxes, since the banner or dialog itself is still open there.

    Raises BadValue if there is nobody, or nothing to do; NotFound if the original was deleted.
    """
    with transaction.atomic(using=ledger.alias()):
        copy = inserted(Broadcast(author=author, **columns_of(original) | _columns(original)))
        if (missing := yet_to(original)) is None or (count := _add(copy, original, missing)) == 0:
            existing(original.pk)
            raise BadValue(_("There is nobody to ask again."))
        aim.check_users()
        with ledger.locked_clock() as clock:
            existing(original.pk)
            note_created(clock, copy)
            aim.changed(clock, copy.pk, {"people": 0}, {"people": count})
        return copy


def _columns(original: Broadcast) -> dict[str, object]:
    translations = {
        code: {"title": _reminder(text.title, code), "body": text.body} for code, text in original.other_texts.items()
    }
    return {
        "title": _reminder(original.title, original.language),
        "translations": translations,
        "in_inbox": True,
        "as_banner": False,
        "as_dialog": False,
        "for_visitors": False,
        "audience": Audience.SEVERAL,
        "with_staff": False,
        "excludes_staff": False,
    }


def _reminder(title: str, language: str) -> str:
    with override(language or settings.LANGUAGE_CODE):
        return (_("Reminder: %s") % title)[:MAX_TITLE]


def _add(copy: Broadcast, original: Broadcast, who: Who) -> int:
    """Put them on the list of the copy, in one statement; returns how many they are."""
    found = people(original, who).order_by().values(reminded=F("pk"))
    selected, parameters = found.query.get_compiler(ledger.alias()).as_sql()
    connection = connections[ledger.alias()]
    table = connection.ops.quote_name(BroadcastMember._meta.db_table)
    sql = (
        f"INSERT INTO {table} (broadcast_id, user_id, is_excluded, source) "
        f"SELECT %s, reminded, %s, %s FROM ({selected}) AS found"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [copy.pk, False, Source.LIST, *parameters])
        return int(cursor.rowcount)
