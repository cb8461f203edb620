"""Tables, mail templates, a queue and the staff of the peer; prints nothing."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from helpdesk.models import Queue  # noqa: E402

call_command("migrate", verbosity=0)
call_command("loaddata", "emailtemplate.json", verbosity=0)
Queue.objects.create(title="Service desk", slug="desk", email_address="desk@example.invalid", locale="en")
for name in ("li", "wang"):
    User.objects.create_superuser(name, f"{name}@example.invalid", "bench-only")
