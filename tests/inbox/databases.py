"""What only one of the databases can show. `make test` runs tests/inbox on both, but for what is marked `anywhere`."""

import pytest
from django.db import connection

postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL locks row by row")
sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has a single writer")
