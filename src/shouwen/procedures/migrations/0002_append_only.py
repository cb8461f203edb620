from django.db import migrations

from shouwen.kernel.append_only import append_only, written_once


class Migration(migrations.Migration):
    dependencies = [("procedures", "0001_initial")]
    operations = [
        append_only("procedures_event"),
        append_only("procedures_edition"),
        append_only("procedures_recall"),
        written_once("procedures_attachment", ("ticket_id", "about", "erased_at")),
    ]
