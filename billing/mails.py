"""Mail to the people who look after an organization's money: its owners and admins, if they want it."""

from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail

from team import mail_choices

CHOOSE = "Choose what we mail you: {}/settings#mails"


def send(organization_id: UUID, kind: mail_choices.Kind, subject: str, *paragraphs: str) -> None:
    """One mail to all of them. Raises SMTPException or OSError when the mail server does not take it."""
    text = "\n\n".join(filter(None, (*paragraphs, CHOOSE.format(settings.CLOD_BASE_URL))))
    if to := mail_choices.recipients(organization_id, kind):
        send_mail(" ".join(subject.split()), text, None, to)
