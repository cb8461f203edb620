from django.db import migrations

from shouwen.kernel.append_only import append_only, written_once


class Migration(migrations.Migration):
    dependencies = [("custody", "0001_initial")]
    operations = [
        append_only("custody_move"),
        append_only("custody_difference"),
        written_once("custody_consent", ["confirmed_at"]),
        written_once("custody_cash", ["confirmed_at", "confirmed_by"]),
        written_once("custody_count", ["seen_at", "seen_by", "seen_note"]),
    ]
