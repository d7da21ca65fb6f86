"""Whatever changes about who can read a project's bodies is in the audit log, and mailed to every owner, whatever mails they chose."""

import logging
from collections.abc import Mapping
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from accounts.access import MemberRequest
from accounts.models import Membership, Organization, Role
from clod_site.lib import clock, ids
from projects.models import Project, Recipient
from team import audit
from team.deeds import DEEDS

log = logging.getLogger("clod.projects")


def tell(
    request: MemberRequest, deed: str, project: Project, recipient: Recipient | None = None, changes: Mapping[str, tuple[str, str]] | None = None
) -> None:
    """After the change. A mail server that is away undoes nothing: it is logged, and the audit log has the event."""
    named = f"{recipient.name} ({recipient.kid})" if recipient else ""
    audit.record(request, deed, recipient or project, named=named, organization=project.organization, changes=changes)
    try:
        _mail(request, deed, project, recipient, changes or {})
    except (SMTPException, OSError) as error:
        log.error("the mail about %s of project %s could not be sent: %s", deed, project.pk, error)


def _mail(
    request: MemberRequest, deed: str, project: Project, recipient: Recipient | None, changes: Mapping[str, tuple[str, str]]
) -> None:
    who = f"{request.user.name} ({request.user.email})" if request.user.name else request.user.email
    where = f"{project.name} in {project.organization.name}"
    what = f"{DEEDS[deed]} {f'{recipient.name} of project {where}' if recipient else where}"
    paragraphs = (
        _line(f"{who} {what}."),
        f"Fingerprint of the key: {recipient.kid}" if recipient else "",
        "\n".join(f"{name}: {before} → {after}" for name, (before, after) in changes.items()),
        f"When: {clock.now():%d %B %Y, %H:%M} UTC.",
        f"Who can read what is said in this project: {settings.CLOD_BASE_URL}/projects/{ids.public('proj', project.pk)}/encryption",
        "If you did not expect this, change it there, and look into the audit log under Team. Mails about this cannot be switched off.",
    )
    send_mail(_line(f"[CLōD] Prompts and answers of {project.name}"), "\n\n".join(filter(None, paragraphs)), None, _owners(project.organization))


def _owners(organization: Organization) -> list[str]:
    owners = Membership.objects.filter(organization=organization, role=Role.OWNER, user__is_active=True)
    return list(owners.order_by("created_at").values_list("user__email", flat=True))


def _line(text: str) -> str:
    """Names are other people's text: they begin no line of their own."""
    return " ".join(text.split())
