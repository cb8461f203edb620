from django.db import migrations

from shouwen.kernel.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("papers", "0001_initial")]
    operations = [append_only("papers_printing")]
