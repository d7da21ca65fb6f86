"""How rows are written in addresses of pages: ``proj_…``, ``key_…``. Anything else is no address, so a 404."""

from uuid import UUID

from clod_site.lib import ids


class PublicId:
    """A path converter; its subclasses say the prefix."""

    prefix = ""
    regex = r"[0-9a-z]+_[0-9A-Za-z]{22}"

    def to_python(self, text: str) -> UUID:
        value = ids.parse_public(self.prefix, text)
        if value is None:
            raise ValueError(text)
        return value

    def to_url(self, value: UUID) -> str:
        return ids.public(self.prefix, value)
