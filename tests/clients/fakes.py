"""A whole site with the fake provider's models, and a key for each situation a client can be in."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.site import Site, books_are_clean, manage, running_site

PYTHON, NODE, LANGCHAIN, AI_SDK = CLIENTS = ("python", "node", "langchain", "ai-sdk")  # a project each; ten dollars for all
POOR = "poor"  # no money
NARROW = "narrow"  # only fake/echo
HASTY = "hasty"  # 600 tokens a minute: what one call without an output limit is expected to use

_PREPARE = f"""
import json
from accounts import onboarding
from accounts.models import Organization, User
from billing import ledger
from billing.models import Wallet
from catalog.models import Model
from projects import keys

rich = Organization.objects.earliest("created_at")
poor = onboarding.create_personal_organization(User.objects.create_user("poor@example.org", None))
ledger.credit(Wallet.objects.get(organization=rich).pk, 10_000_000_000, key="fakes", reason="for the tests")
projects = {{name: rich.projects.create(name=name) for name in {[*CLIENTS, NARROW, HASTY]}}}
projects["{POOR}"] = poor.projects.get(is_default=True)
made = {{name: keys.generate(project, name=name, actor=None) for name, project in projects.items()}}
made["{NARROW}"][0].allowed_models.set(Model.objects.filter(slug="fake-echo"))
made["{HASTY}"][0].tokens_per_minute = 600
made["{HASTY}"][0].save()
print(json.dumps({{name: text for name, (_, text) in made.items()}}))
"""


@dataclass(frozen=True)
class Fakes:
    site: Site
    keys: dict[str, str]

    @property
    def api_url(self) -> str:
        return f"{self.site.base_url}/v1"

    def row(self, client: str, request_id: str) -> dict[str, Any] | None:
        """A settled request of a client's project; None while it is not."""
        answer = self._get(client, f"/requests/{request_id}")
        return answer if "id" in answer else None

    def rows(self, client: str, model: str) -> list[dict[str, Any]]:
        """All settled requests of a client's project to a model, newest first."""
        return [row for row in self._get(client, "/requests?limit=200")["data"] if row["requested_model"] == model]

    def _get(self, client: str, path: str) -> dict[str, Any]:
        return httpx2.get(self.api_url + path, headers={"authorization": f"Bearer {self.keys[client]}"}).json()


@contextmanager
def running(var: Path) -> Iterator[Fakes]:
    """The site; its books are clean in the end."""
    with running_site(var, CLOD_FAKE_PROVIDER="1") as site:
        prepared = manage(site, "shell", "--verbosity=0", "-c", _PREPARE)
        assert prepared.returncode == 0, prepared.stderr
        yield Fakes(site, json.loads(prepared.stdout))
        assert books_are_clean(site)
