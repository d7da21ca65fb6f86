"""The site with a ledger that answers before PostgreSQL has flushed: what ``--lossy`` serves, and the tables must show."""

from billing.ledger import store_postgres

store_postgres.SESSION = (*store_postgres.SESSION, "SET synchronous_commit = off")

from clod_site.asgi import application  # noqa: E402

__all__ = ["application"]
