"""Audit events are never changed or deleted: the database itself refuses it."""

from clod_site.lib.append_only import AppendOnly

_audit_log = AppendOnly("team_auditevent", "audit_log", "team_refuse_change", "the audit log is append-only")
GUARD, LIFT = _audit_log.guard, _audit_log.lift
