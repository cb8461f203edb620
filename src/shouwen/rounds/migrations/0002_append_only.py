from django.db import migrations

from shouwen.kernel.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("rounds", "0001_initial")]
    operations = [append_only("rounds_reading")]
