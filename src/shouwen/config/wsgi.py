"""The WSGI application that granian serves."""

import gc
import os

from django.conf import settings
from django.core.cache import close_caches
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import reset_queries

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")
application = get_wsgi_application()

# The framework asks at each request whether its caches want closing and its log of statements emptying: we have neither.
request_finished.disconnect(close_caches)
if not settings.DEBUG:
    request_started.disconnect(reset_queries)

# What is loaded now stays for good: it need not be looked through again and again for garbage, and requests leave little.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 50)
