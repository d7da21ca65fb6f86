"""Many clients at one moment, over real connections: exactly as many are let through as there is money, cap or quota for.

Every answer here costs all that was set aside for it, so nothing is given back between two calls: however the calls
fall, the number that passes is the same.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from django.conf import settings

from accounts.models import Organization, User
from activity.models import Request
from billing import ledger
from billing.models import BudgetPeriod, EntryKind, FreeQuotaDay, Wallet
from projects import keys
from projects.models import ApiKey, Project
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.site import free_port

pytestmark = FAST_LANE

PROMPT, ANSWER = 100, 50  # tokens; no prompt is longer than the context window
CALL = (PROMPT * shop.INPUT + ANSWER * shop.OUTPUT) // 1_000_000
ANSWERED = (200, "")
MOST_TRIES = 10


@pytest.fixture
def gateway(gateway: Gateway) -> Gateway:
    """With a paid and a free model whose every answer is as long as it may be."""
    gateway.upstream.usage = {"prompt_tokens": PROMPT, "completion_tokens": ANSWER}
    gateway.offer("full", "paris", context_window=PROMPT, max_output_tokens=ANSWER)
    gateway.offer("gift", "paris", context_window=PROMPT, max_output_tokens=ANSWER, is_free=True)
    return gateway


@pytest.fixture
def sibling(gateway: Gateway) -> Iterator[str]:
    """The address of another web process on the same database."""
    url, database = f"http://127.0.0.1:{(port := free_port())}", settings.DATABASES["default"]
    names = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    with subprocess.Popen([sys.executable, "-m", "tests.gateway.sibling", str(port)], stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin
        process.stdin.write(json.dumps({name: str(database[name]) for name in names if name in database}) + "\n")
        process.stdin.close()
        try:
            _wait_until_ready(url)
            yield url
        finally:
            process.terminate()


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"{url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    pytest.fail("the second web process did not come up")


def at_once(
    gateway: Gateway, clients: int, model: str = "full", key: str = "", urls: tuple[str, ...] = (), idempotency_key: str = ""
) -> Counter[tuple[int, str]]:
    """How often each status and error code was answered to so many clients, each with a connection of its own."""
    barrier, answers = threading.Barrier(clients), list[tuple[int, str]]()
    urls = urls or (gateway.url,)
    headers = {"authorization": f"Bearer {key or gateway.key}", "content-type": "application/json"}
    if idempotency_key:
        headers["idempotency-key"] = idempotency_key

    def call(number: int) -> None:
        answers.append(_call(urls[number % len(urls)], gateway.path, barrier, model, headers))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(answers)


def _call(url: str, path: str, barrier: threading.Barrier, model: str, headers: dict[str, str]) -> tuple[int, str]:
    """One client's last answer. Some hear 503 on a machine too slow for so many at once, or 409, and try again as they are told."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.connect()
    barrier.wait(30)
    for _ in range(MOST_TRIES):
        answer, told = _post(connection, path, model, headers)
        if answer.status not in {409, 503}:
            break
        time.sleep(int(answer.headers["retry-after"]))
    connection.close()
    return answer.status, told["error"]["code"] if "error" in told else ""


def _post(
    connection: http.client.HTTPConnection, path: str, model: str, headers: dict[str, str]
) -> tuple[http.client.HTTPResponse, dict[str, Any]]:
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "What is the capital of France?"}]})
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return answer, json.loads(answer.read())


def leave_money_for(calls: int, wallet: Wallet) -> None:
    wallet.refresh_from_db()
    rest = wallet.balance_nanousd - calls * CALL
    ledger.credit(wallet.pk, -rest, key="the rest", reason="for the test", kind=EntryKind.ADJUST)


def fresh_project(organization: Organization, alice: User, **caps: int) -> tuple[Project, str]:
    """A project nobody has ever called, and its key."""
    project = Project.objects.create(organization=organization, name=f"Fresh {Project.objects.count()}", **caps)
    return project, keys.generate(project, name="fresh", actor=alice)[1]


def test_a_wallet_for_ten_calls_pays_ten_of_sixty_four(gateway: Gateway, wallet: Wallet) -> None:
    leave_money_for(10, wallet)
    assert at_once(gateway, 64) == {ANSWERED: 10, (402, "insufficient_funds"): 54}
    assert len(gateway.upstream.journal) == 10
    wallet.refresh_from_db()
    assert (wallet.balance_nanousd, wallet.held_nanousd) == (0, 0)
    assert Request.objects.count() == 10


def test_a_hundred_of_a_hundred_and_fifty_free_calls_are_free(gateway: Gateway, organization: Organization, wallet: Wallet) -> None:
    Organization.objects.filter(pk=organization.pk).update(pays_after_free_quota=False)
    assert at_once(gateway, 150, "gift") == {ANSWERED: 100, (402, "free_quota_exhausted"): 50}
    assert len(gateway.upstream.journal) == 100
    assert FreeQuotaDay.objects.get(organization=organization).used == 100
    assert list(wallet.entries.filter(kind=EntryKind.USAGE).values_list("amount_nanousd", flat=True)) == [0] * 100


@pytest.mark.parametrize("cap", ["daily", "monthly"])
def test_a_cap_for_ten_calls_holds_for_the_first_calls_a_project_ever_makes(
    gateway: Gateway, organization: Organization, alice: User, cap: str
) -> None:
    project, key = fresh_project(organization, alice, **{f"{cap}_cap_nanousd": 10 * CALL})
    assert at_once(gateway, 64, key=key) == {ANSWERED: 10, (402, f"project_{cap}_cap"): 54}
    assert len(gateway.upstream.journal) == 10
    periods = BudgetPeriod.objects.filter(project=project)
    assert [(period.spent_nanousd, period.held_nanousd) for period in periods] == [(10 * CALL, 0)] * 2


@pytest.mark.parametrize("cap", ["daily", "monthly"])
def test_a_key_with_a_cap_for_ten_calls_makes_ten_and_its_sister_is_not_held_up(
    gateway: Gateway, organization: Organization, alice: User, cap: str
) -> None:
    project, key = fresh_project(organization, alice)
    ApiKey.objects.filter(project=project).update(**{f"{cap}_cap_nanousd": 10 * CALL})
    assert at_once(gateway, 64, key=key) == {ANSWERED: 10, (402, f"key_{cap}_cap"): 54}
    _, sister = keys.generate(project, name="sister", actor=alice)
    assert at_once(gateway, 3, key=sister) == {ANSWERED: 3}
    periods = BudgetPeriod.objects.filter(api_key__project=project, api_key__name="fresh")
    assert [(period.spent_nanousd, period.held_nanousd) for period in periods] == [(10 * CALL, 0)] * 2


def test_a_free_call_that_falls_on_the_wallet_keeps_to_the_cap(gateway: Gateway, organization: Organization, alice: User) -> None:
    project, key = fresh_project(organization, alice, daily_cap_nanousd=10 * CALL)
    assert at_once(gateway, 120, "gift", key) == {ANSWERED: 110, (402, "project_daily_cap"): 10}
    assert BudgetPeriod.objects.filter(project=project, spent_nanousd=10 * CALL).count() == 2


def test_two_web_processes_are_exact_together(
    gateway: Gateway, sibling: str, organization: Organization, alice: User, wallet: Wallet
) -> None:
    both = (gateway.url, sibling)
    for cap in ("daily", "monthly"):
        _, key = fresh_project(organization, alice, **{f"{cap}_cap_nanousd": 10 * CALL})
        assert at_once(gateway, 64, key=key, urls=both) == {ANSWERED: 10, (402, f"project_{cap}_cap"): 54}
    project, key = fresh_project(organization, alice)
    ApiKey.objects.filter(project=project).update(daily_cap_nanousd=10 * CALL)
    assert at_once(gateway, 64, key=key, urls=both) == {ANSWERED: 10, (402, "key_daily_cap"): 54}
    Organization.objects.filter(pk=organization.pk).update(pays_after_free_quota=False)
    assert at_once(gateway, 150, "gift", urls=both) == {ANSWERED: 100, (402, "free_quota_exhausted"): 50}
    leave_money_for(10, wallet)
    assert at_once(gateway, 64, urls=both) == {ANSWERED: 10, (402, "insufficient_funds"): 54}
    assert len(gateway.upstream.journal) == 140


def test_two_web_processes_make_one_call_of_one_idempotency_key(gateway: Gateway, sibling: str, wallet: Wallet) -> None:
    """Whoever hears that the call still runs asks again, and gets the one answer there is."""
    answers = at_once(gateway, 32, urls=(gateway.url, sibling), idempotency_key="9e107d9d372bb6826bd81d3542a419d6")
    assert answers == {ANSWERED: 32}
    assert len(gateway.upstream.journal) == wallet.entries.filter(kind=EntryKind.USAGE).count() == 1


@pytest.mark.skipif(not settings.REDIS_URL, reason="this round has no Redis, so each process counts for itself")
def test_two_web_processes_share_the_requests_of_a_minute(gateway: Gateway, sibling: str, organization: Organization, alice: User) -> None:
    project, key = fresh_project(organization, alice)
    ApiKey.objects.filter(project=project).update(requests_per_minute=2)
    assert at_once(gateway, 64, key=key, urls=(gateway.url, sibling)) == {ANSWERED: 2, (429, "rate_limit_exceeded"): 62}


def test_a_revoked_key_starts_no_call_on_any_process_however_well_they_know_it(
    gateway: Gateway, sibling: str, organization: Organization, alice: User
) -> None:
    both = (gateway.url, sibling)
    project, key = fresh_project(organization, alice)
    assert at_once(gateway, 8, key=key, urls=both) == {ANSWERED: 8}
    keys.revoke(ApiKey.objects.get(project=project), actor=alice)
    assert at_once(gateway, 8, key=key, urls=both) == {(401, "invalid_api_key"): 8}
    assert len(gateway.upstream.journal) == 8
