"""Inviting people by mail. A link works once, for one address, for seven days; sending it again makes the former one useless.

Who has the link has read the mail, so somebody new who follows it to the sign-up has shown that the address is theirs.
"""

import secrets
from datetime import timedelta
from smtplib import SMTPException

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction

from accounts.models import Membership, Organization, User
from clod_site.lib import clock, crypto, ids
from team.members import Refused
from team.models import AuditEvent, Invitation
from team.roles import ABOUT, GIVEN

LIFETIME = timedelta(days=7)
PAUSE = timedelta(minutes=1)
MOST_OPEN = 50
MOST_MAILS_A_DAY, MOST_MAILS_TO_ONE = 200, 5
TOKEN_BYTES = 32
MOST_NAME = 60


class NotSent(Exception):
    """The invitation is there, but the mail server did not take the mail."""


def invite(actor: Membership, email: str, role: str) -> Invitation:
    """Written and mailed. Raises Refused, or NotSent."""
    organization = actor.organization
    _check(organization, email, role)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = clock.now()
    columns = {"digest": _digest(token), "invited_by": actor.user, "sent_at": now, "expires_at": now + LIFETIME}
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(organization=organization, email=email, role=role, **columns)
    except IntegrityError:
        raise Refused(f"{email} is invited already. Send the invitation again, or withdraw it.") from None
    _mail(invitation, token)
    return invitation


def send_again(actor: Membership, invitation: Invitation) -> None:
    """With a new link and another seven days. Raises Refused within a minute of the last mail, or NotSent."""
    _keep_to_few_mails(invitation.organization, invitation.email)
    now, token = clock.now(), secrets.token_urlsafe(TOKEN_BYTES)
    columns = {"digest": _digest(token), "invited_by": actor.user, "sent_at": now, "expires_at": now + LIFETIME}
    if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None, sent_at__lte=now - PAUSE).update(**columns):
        raise Refused(f"The invitation of {invitation.email} was sent less than a minute ago. Wait a little before you send it again.")
    invitation.refresh_from_db()
    _mail(invitation, token)


def withdraw(invitation: Invitation) -> None:
    """The link opens nothing from now on."""
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None).delete()


def find(token: str) -> Invitation | None:
    """The open invitation behind a link, or None: unknown, withdrawn, used, too old."""
    digests = [crypto.peppered_digest(token, pepper) for pepper in settings.CLOD_KEY_PEPPERS]
    rows = Invitation.objects.select_related("organization", "invited_by")
    return rows.filter(digest__in=digests, accepted_at=None, expires_at__gt=clock.now(), organization__suspended_at=None).first()


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether the address is one the person logs in with, or has verified."""
    verified = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return invitation.email.lower() in {address.lower() for address in (user.email, *verified)}


@transaction.atomic
def accept(invitation: Invitation, user: User) -> Membership:
    """The membership; of somebody who is a member already, the one they have. Raises Refused for who comes second, or is somebody else."""
    locked = Invitation.objects.select_for_update().filter(pk=invitation.pk, digest=invitation.digest, accepted_at=None).first()
    if locked is None or locked.is_expired or not is_for(locked, user):
        raise Refused("This invitation does not work any more. Ask for another one.")
    locked.accepted_at = clock.now()
    locked.save(update_fields=["accepted_at"])
    membership, _ = Membership.objects.get_or_create(organization_id=locked.organization_id, user=user, defaults={"role": locked.role})
    return membership


def _check(organization: Organization, email: str, role: str) -> None:
    if role not in GIVEN:
        raise Refused("An invitation is for an admin, a developer or a viewer.")
    if organization.suspended_at:
        raise Refused(f"{organization.name} is suspended, and invites nobody meanwhile.")
    if Membership.objects.filter(organization=organization, user__email__iexact=email).exists():
        raise Refused(f"{email} is a member already.")
    if Invitation.objects.filter(organization=organization, accepted_at=None).count() >= MOST_OPEN:
        raise Refused(f"{MOST_OPEN} invitations are open, and there cannot be more. Withdraw some first.")
    _keep_to_few_mails(organization, email)


def _keep_to_few_mails(organization: Organization, email: str) -> None:
    """Nobody's mailbox is filled by inviting and withdrawing. The audit log has every mail that was sent."""
    since = clock.now() - timedelta(days=1)
    events = AuditEvent.objects.filter(organization=organization, id__gte=ids.first_at(since), created_at__gte=since)
    mails = events.filter(deed__in=("member.invite", "member.invite_again"))
    if mails.filter(target_name=email).count() >= MOST_MAILS_TO_ONE:
        raise Refused(f"{email} was mailed {MOST_MAILS_TO_ONE} times in 24 hours. Try again tomorrow.")
    if mails.count() >= MOST_MAILS_A_DAY:
        raise Refused(f"{organization.name} has sent {MOST_MAILS_A_DAY} invitations in 24 hours. Try again tomorrow.")


def _mail(invitation: Invitation, token: str) -> None:
    inviter = invitation.invited_by
    assert inviter is not None
    who = f"{_short(inviter.name)} ({inviter.email})" if inviter.name else inviter.email
    organization = _short(invitation.organization.name)
    paragraphs = (
        f"{who} invites you to work in {organization} on CLōD as {invitation.role}. {ABOUT[invitation.role]}",
        f"Accept the invitation: {settings.CLOD_BASE_URL}/invitations/{token}",
        f"The link works once, for {invitation.email}, until {invitation.expires_at:%d %B %Y, %H:%M} UTC.",
        "If you do not know who this is, do nothing: without you nobody joins anything.",
    )
    try:
        send_mail(f"Join {organization} on CLōD", "\n\n".join(paragraphs), None, [invitation.email])
    except (SMTPException, OSError) as error:
        raise NotSent from error


def _short(name: str) -> str:
    """Names are other people's text: on one line, and no longer than a name."""
    line = " ".join(name.split())
    return line if len(line) <= MOST_NAME else f"{line[: MOST_NAME - 1]}…"


def _digest(token: str) -> bytes:
    return crypto.peppered_digest(token, settings.CLOD_KEY_PEPPERS[0])
