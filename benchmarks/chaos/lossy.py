"""The site with a ledger that answers before PostgreSQL has flushed: what ``--lossy`` serves, and the tables must show."""

import django

from clod_site import serve


def main() -> None:
    django.setup()
    from billing.ledger import store_postgres

    store_postgres.SESSION = (*store_postgres.SESSION, "SET synchronous_commit = off")
    serve.main()


if __name__ == "__main__":
    main()
