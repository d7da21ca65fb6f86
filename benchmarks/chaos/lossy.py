"""The site with a ledger that answers before PostgreSQL has flushed: what ``--lossy`` serves, and the tables must show."""

from clod_site.asgi import application

from billing.ledger import store_postgres  # isort: skip  (after Django is set up)

__all__ = ["application"]

store_postgres.SESSION = (*store_postgres.SESSION, "SET synchronous_commit = off")
