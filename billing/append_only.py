"""The database's own refusal to change or delete a ledger entry, whoever asks.

The triggers stop every UPDATE and DELETE of rows. A test that empties its database lifts them for that one transaction
(``LIFT`` before, ``GUARD`` after: ``tests/emptying.py``). There is no setting, function or row that opens the trigger at
run time: an exemption in the product would be a door in it.
"""

GUARD = {
    "postgresql": (
        """
        CREATE OR REPLACE FUNCTION billing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'ledger entries are append-only: add an adjust entry instead' USING ERRCODE = 'restrict_violation';
        END $$
        """,
        "CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON billing_ledgerentry "
        "FOR EACH ROW EXECUTE FUNCTION billing_refuse_change()",
    ),
    "sqlite": tuple(
        f"CREATE TRIGGER ledger_refuses_{what.lower()} BEFORE {what} ON billing_ledgerentry "
        "BEGIN SELECT RAISE(ABORT, 'ledger entries are append-only: add an adjust entry instead'); END"
        for what in ("UPDATE", "DELETE")
    ),
}
LIFT = {
    "postgresql": (
        "DROP TRIGGER IF EXISTS ledger_is_append_only ON billing_ledgerentry",
        "DROP FUNCTION IF EXISTS billing_refuse_change()",
    ),
    "sqlite": ("DROP TRIGGER IF EXISTS ledger_refuses_update", "DROP TRIGGER IF EXISTS ledger_refuses_delete"),
}
