from django.db import migrations

from shouwen.kernel.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("duty", "0001_initial")]
    operations = [
        append_only("duty_logline"),
        append_only("duty_signoff"),
        append_only("duty_signature"),
        append_only("duty_volume"),
    ]
