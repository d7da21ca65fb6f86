"""Addresses of a project's and a key's pages."""

from clod_site.lib import ids
from projects.models import ApiKey, Project


def of(project: Project, tab: str = "") -> str:
    return f"/projects/{ids.public('proj', project.pk)}{'/' if tab else ''}{tab}"


def of_key(api_key: ApiKey, deed: str = "") -> str:
    return f"/keys/{ids.public('key', api_key.pk)}{'/' if deed else ''}{deed}"
