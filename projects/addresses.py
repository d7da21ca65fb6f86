"""How projects and keys are written in addresses: ``proj_…`` and ``key_…``. Anything else is no address, so a 404."""

from uuid import UUID

from clod_site.lib import ids


class _PublicId:
    prefix = ""
    regex = r"[0-9a-z]+_[0-9A-Za-z]{22}"

    def to_python(self, text: str) -> UUID:
        value = ids.parse_public(self.prefix, text)
        if value is None:
            raise ValueError(text)
        return value

    def to_url(self, value: UUID) -> str:
        return ids.public(self.prefix, value)


class ProjectAddress(_PublicId):
    prefix = "proj"


class KeyAddress(_PublicId):
    prefix = "key"
