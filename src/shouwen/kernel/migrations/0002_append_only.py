from django.db import migrations

from shouwen.kernel.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]
    operations = [
        append_only("kernel_entry"),
        append_only("kernel_seal"),
        append_only("kernel_checkpoint"),
    ]
