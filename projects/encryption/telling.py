"""Whatever changes about who can read a project's bodies is in the audit log, and mailed to every owner, whatever mails they chose."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from accounts.access import MemberRequest
from accounts.models import Membership, Role
from clod_site.lib import clock, ids
from projects.models import Project, Recipient
from team import audit
from team.audit import Changes
from team.deeds import DEEDS

log = logging.getLogger("clod.projects")


def tell(request: MemberRequest, deed: str, about: Project | Recipient, changes: Changes | None = None) -> None:
    """After the change."""
    project = about if isinstance(about, Project) else about.project
    named = "" if isinstance(about, Project) else f"{about.name} ({about.kid})"
    audit.record(request, deed, about, named=named, organization=project.organization, changes=changes)
    mail(request, deed, about, changes)


def mail(request: MemberRequest, deed: str, about: Project | Recipient, changes: Changes | None = None) -> None:
    """To every owner. A mail server that is away undoes nothing: it is logged, and the audit log has the event."""
    project = about if isinstance(about, Project) else about.project
    try:
        send_mail(
            _line(f"[CLōD] Prompts and answers of {project.name}"), _text(request, deed, about, project, changes or {}), None, _to(project)
        )
    except (SMTPException, OSError) as error:
        log.error("the mail about %s of project %s could not be sent: %s", deed, project.pk, error)


def _text(request: MemberRequest, deed: str, about: Project | Recipient, project: Project, changes: Changes) -> str:
    who = f"{request.user.name} ({request.user.email})" if request.user.name else request.user.email
    what = (
        f"{about.name} in {project.organization.name}"
        if about is project
        else f"{about.name} of {project.name} in {project.organization.name}"
    )
    paragraphs = (
        _line(f"{who} {DEEDS[deed]} {what}."),
        "" if isinstance(about, Project) else f"Fingerprint of the key: {about.kid}",
        "\n".join(f"{name}: {before} → {after}" for name, (before, after) in changes.items()),
        f"When: {clock.now():%d %B %Y, %H:%M} UTC.",
        f"Who can read what is said in this project: {settings.CLOD_BASE_URL}/projects/{ids.public('proj', project.pk)}/encryption",
        "If you did not expect this, change it there, and look into the audit log under Team. Mails about this cannot be switched off.",
    )
    return "\n\n".join(filter(None, paragraphs))


def _to(project: Project) -> list[str]:
    owners = Membership.objects.filter(organization_id=project.organization_id, role=Role.OWNER, user__is_active=True)
    return list(owners.order_by("created_at").values_list("user__email", flat=True))


def _line(text: str) -> str:
    """Names are other people's text: they begin no line of their own."""
    return " ".join(text.split())
