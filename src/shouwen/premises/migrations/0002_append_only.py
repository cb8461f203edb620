from django.db import migrations

from shouwen.kernel.append_only import append_only, written_once


class Migration(migrations.Migration):
    dependencies = [("premises", "0001_initial")]
    operations = [
        append_only("premises_visit"),
        append_only("premises_permitevent"),
        written_once("premises_charge", ["ends_at"]),
        written_once("premises_summary", ["received_by", "received_at"]),
    ]
