from typing import Any

from django.db import migrations

from shouwen.kernel.schema import Statements


def leave_room(editor: Any) -> None:
    """On PostgreSQL: a ticket is written anew at each step; with room on its page no index entry is (a HOT update)."""
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE procedures_ticket SET (fillfactor = 70)")


class Migration(migrations.Migration):
    dependencies = [("procedures", "0002_append_only")]
    operations = [Statements(leave_room, lambda editor: None)]
