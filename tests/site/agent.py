"""`python -m tests.site.agent`: actions from outside the web processes, a JSON request and answer a line."""

import sys

import django

django.setup()

from tests.site.calls import perform  # noqa: E402

for line in sys.stdin:
    print(perform(line), flush=True)
