"""The WSGI application that granian serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")
application = get_wsgi_application()

# What is loaded now stays for good: it need not be looked through again and again for garbage, and requests leave little.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 50)
