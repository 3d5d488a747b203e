"""Which tests of the gradebook run on a PostgreSQL server in the ordinary suite as well."""

import pytest

# Without this mark, a test with the fixture `url` runs on SQLite, and the slow suite runs it on PostgreSQL.
both_databases = pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
