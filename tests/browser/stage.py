"""A month of a busy organization, for pages that are looked at: ``CLOD_VAR=… python -m tests.browser.stage demo@clod.local``.

Only the log of requests is written, and its rollups: the ledger knows nothing of them, so this is for databases that are thrown away.
"""

import math
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.site import ROOT, Site

DAYS, A_DAY = 30, 160
CALLED = {  # model: provider, USD per million tokens in and out, weight
    "llama-3-3-70b-instruct": ("clod", 0.23, 0.40, 8),
    "deepseek-v3": ("clod", 0.28, 0.85, 5),
    "smollm2-135m-instruct": ("clod", 0.005, 0.01, 4),
    "gpt-4o": ("openai", 2.50, 10.0, 3),
    "claude-sonnet-4-5": ("anthropic", 3.0, 15.0, 2),
}
SITES = ("dfw", "okc", "abi", "dfw", "okc", "buf", "dsm")
OUTCOMES = {"ok": 950, "client_closed": 20, "upstream_error": 12, "truncated": 8, "rejected": 10}
PROJECTS = {"Chat in the app": "20", "Nightly summaries": "5"}  # daily caps, USD
KEYS = {"web, production": "Chat in the app", "mobile": "Chat in the app", "batch job": "Nightly summaries"}


def dress(site: Site) -> None:
    """The demo account of a running site, in a process of its own."""
    command = [sys.executable, "-m", "tests.browser.stage", site.email]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"CLOD_VAR": str(site.var)}, check=True)


def main(email: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")
    import django

    django.setup()
    from accounts.models import Role, User
    from activity import rollups
    from activity.models import Request
    from clod_site.lib import clock
    from tests.people import join

    user = User.objects.get(email=email)
    organization = user.memberships.get().organization
    for name, role in (("bob", Role.DEVELOPER), ("vera", Role.VIEWER)):
        join(organization, name, role)
    keys, dice = _keys(organization, user), random.Random(20)
    Request.objects.bulk_create([_request(at, organization, keys, dice) for at in _instants(clock.now(), dice)], batch_size=2000)
    rollups.advance(clock.now(), run_s=float("inf"))
    _webhooks(organization, user)


def _webhooks(organization: Any, user: Any) -> None:
    """One that takes what it is told, and one that nobody reaches."""
    from clod_site.lib import clock
    from webhooks import events, registry
    from webhooks.models import Delivery

    for url, description, types in (
        ("http://127.0.0.1:9999/clod", "Alerts in the team's chat", ["budget.threshold_reached", "wallet.low"]),
        ("http://127.0.0.1:9999/audit", "", []),
    ):
        webhook, _ = registry.add(organization, url=url, description=description, event_types=types, actor=user)
        registry.disable(webhook)
    for type_ in ("budget.threshold_reached", "api_key.created", "wallet.low"):
        events.emit(organization.pk, type_, {"project": {"name": "Chat in the app"}, "percent": 80})
    sent = {"state": "sent", "tries": 1, "status": 200, "answer": "ok", "response_ms": 84, "last_try_at": clock.now()}
    Delivery.objects.filter(webhook__description="Alerts in the team's chat").update(**sent)
    registry.enable(registry.of(organization)[0])


def _keys(organization: Any, user: Any) -> list[Any]:
    from clod_site.lib.money import usd
    from projects import keys
    from projects.models import Project

    projects = {
        name: Project.objects.create(organization=organization, name=name, daily_cap_nanousd=usd(cap), monthly_cap_nanousd=usd(cap) * 20)
        for name, cap in PROJECTS.items()
    }
    return [keys.generate(projects[project], name=name, actor=user)[0] for name, project in KEYS.items()]


def _instants(now: datetime, dice: random.Random) -> Iterator[datetime]:
    """More by day than by night and on weekends, and a little more every week."""
    for hour in range(DAYS * 24):
        at = now - timedelta(hours=DAYS * 24 - hour)
        many = A_DAY / 24 * (1 - 0.8 * math.cos((at.hour - 2) / 24 * math.tau)) * (0.5 if at.weekday() > 4 else 1) * (1 + hour / 1500)
        yield from sorted(at + timedelta(seconds=dice.uniform(0, 3599)) for _ in range(round(many * dice.uniform(0.7, 1.3))))


def _request(at: datetime, organization: Any, keys: list[Any], dice: random.Random) -> Any:
    from activity.models import Request
    from tests.activity.log import id_at

    [model] = dice.choices(list(CALLED), weights=[weight for *_, weight in CALLED.values()])
    provider, dollars_in, dollars_out, _ = CALLED[model]
    [status], [key] = dice.choices(list(OUTCOMES), weights=OUTCOMES.values()), dice.choices(keys, weights=(6, 3, 2))
    is_hosted, is_stream, failed = provider == "clod", key.name != "batch job", status in ("upstream_error", "rejected")
    tokens_in, tokens_out = int(dice.lognormvariate(6.5, 0.8)), 0 if failed else int(dice.lognormvariate(5.3, 0.7))
    listed = 0 if failed else round((tokens_in * dollars_in + tokens_out * dollars_out) * 1000 * (1 if is_hosted else 1.05))
    ttft, electricity = int(dice.lognormvariate(5.4 if is_hosted else 6.1, 0.4)), round(tokens_out * dice.uniform(10, 14))
    return Request(
        id=id_at(at), organization=organization, project_id=key.project_id, api_key=key, created_at=at, model=model,
        requested_model=model, provider=provider, data_center=SITES[at.hour * 7 // 24] if is_hosted else "", status=status,
        is_stream=is_stream, paid_by="free" if model.startswith("smollm2") else "wallet", prompt_tokens=tokens_in,
        completion_tokens=tokens_out, list_cost_nanousd=listed, attempts=1, ttft_ms=None if failed else ttft,
        cost_nanousd=0 if model.startswith("smollm2") else round(listed * (dice.uniform(0.8, 0.97) if is_hosted else 1)),
        latency_ms=ttft + (0 if failed else tokens_out * (9 if is_hosted else 16)), energy_uwh=tokens_out * 300 if is_hosted else None,
        electricity_picousd=electricity if is_hosted else None,
        electricity_average_picousd=round(electricity * dice.uniform(1.3, 1.9)) if is_hosted else None,
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
