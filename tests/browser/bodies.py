"""A running site whose demo project has bodies, sealed and plain, as its tests and pictures need them."""

import json
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Locator, Page

from tests.browser import pages
from tests.site import Site
from tests.studio.desk import shell

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


def stored(site: Site, request: str) -> dict[str, Any]:
    """The body of a request, as the database has it."""
    program = f"""
import json
from activity.models import Body
from clod_site.lib import ids
body = Body.objects.get(pk=ids.parse_public("req", {request!r}))
print(json.dumps(dict(is_sealed=body.is_sealed, kids=body.kids.split(), content=json.loads(body.content))))"""
    found: dict[str, Any] = shell(site, program)
    return found


def keep(site: Site, request: str, document: Any, *jwks: dict[str, str], **content: Any) -> None:
    """Another body for a request: this document, sealed to these keys. ``content`` changes members of what is stored."""
    program = f"""
import json
from activity.models import Body, Request
from clod_site.lib import ids
from tests.activity import said
row = Request.objects.get(pk=ids.parse_public("req", {request!r}))
Body.objects.filter(pk=row.pk).delete()
body = said.keep(row, *json.loads({json.dumps(jwks)!r}), document=json.loads({json.dumps(document)!r}))
Body.objects.filter(pk=row.pk).update(content=json.dumps(json.loads(body.content) | json.loads({json.dumps(content)!r})))
print("null")"""
    shell(site, program)


def key_file(folder: Path, jwk: dict[str, str], name: str = "key.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(jwk))
    return path


def section(page: Page) -> Locator:
    return page.locator("section.said")


def choose(place: Locator, path: Path) -> None:
    place.locator("input[type=file]").set_input_files(path)
