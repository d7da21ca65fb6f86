"""How projects and keys are written in addresses: ``proj_…`` and ``key_…``."""

from clod_site.lib.addresses import PublicId


class ProjectAddress(PublicId):
    prefix = "proj"


class KeyAddress(PublicId):
    prefix = "key"


class RecipientAddress(PublicId):
    prefix = "rec"
