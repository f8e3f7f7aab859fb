"""What only one of the databases can show.

`make test` runs tests/inbox on both, but for what is marked `anywhere`: forms, pages, schemas, texts, pure functions.
Their rows are read and written as other tests do on both. Locks, constraints, statements with conditions of their own,
order, text search, JSON and dates may differ.
"""

import pytest
from django.db import connection

postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL locks row by row")
sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has a single writer")
