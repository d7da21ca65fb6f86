"""A running site whose demo project has bodies, sealed and plain, as its tests and pictures need them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
from playwright.sync_api import Locator, Page

from clod_site.lib import ids
from tests.activity import said
from tests.browser import pages
from tests.site import Site
from tests.studio.desk import rows, shell

MARKUP = "<img src=x onerror=\"document.title='evil'\"><script>document.title='evil'</script><b>bold</b>"
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def call(site: Site, content: Any = "What is the capital of France?") -> str:
    """A request's id, with its true answer."""
    body = {"model": pages.MODEL, "messages": [{"role": "user", "content": content}], "max_completion_tokens": 4}
    answer = httpx.post(f"{site.base_url}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {site.api_key}"}, timeout=60)
    assert answer.status_code == 200
    return answer.headers["x-request-id"]


def logging(site: Site, mode: str, **keys: dict[str, str]) -> str:
    """Body logging of the key's project, sealed to these keys by the names of their recipients. The project's public id."""
    program = f"""
import json
from clod_site.lib import ids
from projects.models import ApiKey, Project, Recipient
from tests.activity import said
project = ApiKey.objects.get(public_id={site.api_key.split("_")[2]!r}).project
Project.objects.filter(pk=project.pk).update(body_logging={mode!r})
Recipient.objects.filter(project=project).delete()
for name, jwk in json.loads({json.dumps(keys)!r}).items():
    said.recipient(project, jwk, name.replace("_", " "))
print(json.dumps(ids.public("proj", project.pk)))"""
    return str(shell(site, program))


def stored(site: Site, request: str) -> Any:
    """The kids and the content of a request's body, as the database has it; None while there is none."""
    found = rows(site, "SELECT kids, content FROM activity_body WHERE id = ?", _id(request).hex)
    return (found[0][0].split(), json.loads(found[0][1])) if found else None


def keep(site: Site, request: str, content: str, *jwks: dict[str, str]) -> None:
    """Another body for a request, plain without keys."""
    columns = "id, organization_id, project_id, created_at, delete_at, is_sealed, kids, content"
    values = "id, organization_id, project_id, created_at, datetime('now', '+9 days'), ?, ?, ?"
    statement = f"INSERT OR REPLACE INTO activity_body ({columns}) SELECT {values} FROM activity_request WHERE id = ?"
    rows(site, statement, bool(jwks), "".join(f" {jwk['kid']} " for jwk in jwks), content, _id(request).hex)


def multiply(site: Site, request: str, times: int) -> None:
    """So many more bodies like that of the request. They open in its place only."""
    columns = "organization_id, project_id, created_at, delete_at, is_sealed, kids, content"
    statement = f"INSERT INTO activity_body (id, {columns}) SELECT lower(hex(randomblob(16))), {columns} FROM activity_body WHERE id = ?"
    for _ in range(times):
        rows(site, statement, _id(request).hex)


def sealed(site: Site, request: str, document: Any, *jwks: dict[str, str]) -> str:
    """A document sealed for that request."""
    [[project]] = rows(site, "SELECT project_id FROM activity_request WHERE id = ?", _id(request).hex)
    return said.seal(SimpleNamespace(pk=_id(request), project_id=UUID(project)), jwks, document)


def _id(request: str) -> UUID:
    found = ids.parse_public("req", request)
    assert found
    return found


def key_file(folder: Path, jwk: dict[str, str], name: str = "key.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(jwk))
    return path


def section(page: Page) -> Locator:
    return page.locator("section.said")


def choose(place: Locator, path: Path) -> None:
    place.locator("input[type=file]").set_input_files(path)
