"""The database's own refusal to change or delete rows of a table, whoever asks.

The triggers stop every UPDATE and DELETE. A test that empties its database lifts them for that one transaction (``tests/emptying.py``).
There is no setting, function or row that opens them at run time: an exemption in the product would be a door in it.
"""

from typing import NamedTuple

Statements = dict[str, tuple[str, ...]]  # by the database's vendor


class AppendOnly(NamedTuple):
    """``name`` begins the names of the triggers, ``function`` is PostgreSQL's, ``message`` what who tries is told."""

    table: str
    name: str
    function: str
    message: str

    @property
    def guard(self) -> Statements:
        postgresql = (
            f"CREATE OR REPLACE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION '{self.message}' USING ERRCODE = 'restrict_violation'; END $$",
            f"CREATE TRIGGER {self.name}_is_append_only BEFORE UPDATE OR DELETE ON {self.table} "
            f"FOR EACH ROW EXECUTE FUNCTION {self.function}()",
        )
        sqlite = tuple(
            f"CREATE TRIGGER {self.name}_refuses_{what.lower()} BEFORE {what} ON {self.table} "
            f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
            for what in ("UPDATE", "DELETE")
        )
        return {"postgresql": postgresql, "sqlite": sqlite}

    @property
    def lift(self) -> Statements:
        return {
            "postgresql": (
                f"DROP TRIGGER IF EXISTS {self.name}_is_append_only ON {self.table}",
                f"DROP FUNCTION IF EXISTS {self.function}()",
            ),
            "sqlite": tuple(f"DROP TRIGGER IF EXISTS {self.name}_refuses_{what}" for what in ("update", "delete")),
        }
