from django.db import migrations

from shouwen.kernel.append_only import append_only, written_once


class Migration(migrations.Migration):
    dependencies = [("fees", "0001_initial")]
    operations = [written_once("fees_price", ["ends_on"]), append_only("fees_arrearslist")]
