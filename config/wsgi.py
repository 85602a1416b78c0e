"""The application as a WSGI server calls it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# Applications are ready only now.
from config.start import refuse_faulty_start  # noqa: E402 - it needs the models

refuse_faulty_start()
