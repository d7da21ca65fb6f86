"""How members and invitations are written in addresses: ``mem_…`` and ``inv_…``."""

from clod_site.lib.addresses import PublicId


class MemberAddress(PublicId):
    prefix = "mem"


class InvitationAddress(PublicId):
    prefix = "inv"
