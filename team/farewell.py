"""A word to who was removed from an organization: otherwise its pages are just not found any more."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from accounts.models import Membership, User

log = logging.getLogger("team")


def tell(member: Membership, *, by: User) -> None:
    """The removal stands whether or not the mail server takes the mail."""
    organization = " ".join(member.organization.name.split())
    paragraphs = (
        f"{by.email} removed you from {organization} on CLōD. Its projects, keys and logs are no longer open to you.",
        "Keys that you generated there belong to the organization and go on working. If you think that this is a mistake, write to them.",
        f"Your account stays yours: {settings.CLOD_BASE_URL}",
    )
    try:
        send_mail(f"You are no longer in {organization} on CLōD", "\n\n".join(paragraphs), None, [member.user.email])
    except (SMTPException, OSError) as error:
        log.warning("%s was not told of their removal: %s", member.user_id, error)
