"""How a project's body logging is told, in one line."""

from projects.models import BodyLogging, Project


def short(project: Project, recipients: int) -> str:
    """``recipients`` that are in use."""
    if project.body_logging == BodyLogging.OFF:
        return "bodies not stored"
    if project.body_logging == BodyLogging.PLAIN:
        return f"bodies stored for {days(project.body_days)}, not sealed"
    if not recipients:
        return "bodies not stored: no key to seal to"
    return f"bodies sealed to {recipients} key{'s' if recipients > 1 else ''}"


def days(number: int) -> str:
    return f"{number} day{'s' if number > 1 else ''}"
