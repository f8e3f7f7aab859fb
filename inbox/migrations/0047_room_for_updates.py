from typing import Any

from django.db import migrations

TABLES = ("mailbox", "thread")


def leave_room(apps: Any, schema_editor: Any) -> None:
    """Every write to a mailbox updates these rows. With room on the page of the row, the new version stays there, and
    that of a mailbox needs no new entry in an index. Blocks nobody; pages that are full stay so until they are
    rewritten."""
    if schema_editor.connection.vendor == "postgresql":
        for name in TABLES:
            table = schema_editor.quote_name(apps.get_model("inbox", name)._meta.db_table)
            schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = 50)")


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0046_threads_read_and_unread"),
    ]

    operations = [migrations.RunPython(leave_room, migrations.RunPython.noop)]
