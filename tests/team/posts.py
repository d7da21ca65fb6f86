"""Addresses of the team's pages, and the links that were mailed."""

import re
from typing import Any

from accounts.models import Membership, Organization, User
from clod_site.lib import ids
from team.models import Invitation


def membership(organization: Organization, user: User) -> Membership:
    return Membership.objects.get(organization=organization, user=user)


def of_member(organization: Organization, user: User, deed: str = "") -> str:
    return f"/team/members/{ids.public('mem', membership(organization, user).pk)}{'/' if deed else ''}{deed}"


def of_invitation(invitation: Invitation, deed: str) -> str:
    return f"/team/invitations/{ids.public('inv', invitation.pk)}/{deed}"


def link(mail: Any) -> str:
    """The address of the invitation in the mail, without the site's own."""
    found = re.search(r"https?://[^/\s]+(/invitations/\S+)", mail.body)
    assert found is not None, mail.body
    return found[1]
