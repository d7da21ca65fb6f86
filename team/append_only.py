"""The database's own refusal to change or delete an audit event, whoever asks.

As for the ledger (``billing.append_only``) there is no setting, function or row that opens the triggers at run time. A test
that empties its database lifts them for that one transaction.
"""

GUARD = {
    "postgresql": (
        """
        CREATE OR REPLACE FUNCTION team_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'restrict_violation';
        END $$
        """,
        "CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE ON team_auditevent "
        "FOR EACH ROW EXECUTE FUNCTION team_refuse_change()",
    ),
    "sqlite": tuple(
        f"CREATE TRIGGER audit_log_refuses_{what.lower()} BEFORE {what} ON team_auditevent "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        for what in ("UPDATE", "DELETE")
    ),
}
LIFT = {
    "postgresql": (
        "DROP TRIGGER IF EXISTS audit_log_is_append_only ON team_auditevent",
        "DROP FUNCTION IF EXISTS team_refuse_change()",
    ),
    "sqlite": ("DROP TRIGGER IF EXISTS audit_log_refuses_update", "DROP TRIGGER IF EXISTS audit_log_refuses_delete"),
}
