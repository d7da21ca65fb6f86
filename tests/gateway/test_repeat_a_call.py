"""A call sent again under its Idempotency-Key: answered again, charged once."""

import json
import threading
import time
from typing import Any

import httpx2
import pytest
from cryptography.exceptions import InvalidTag

from accounts.models import Organization, User
from activity.models import Request
from billing import ledger
from billing.ledger.idempotency import KEPT_FOR
from billing.models import EntryKind, Hold, IdempotentCall, Wallet
from catalog.models import CancelPolicy
from clod_site.lib import clock
from gateway import idempotency
from projects import keys
from projects.models import Project
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
BODY = {"model": "paris", "messages": [{"role": "user", "content": "What is the capital of France?"}]}


def send(gateway: Gateway, key: str | None = KEY, *, client: httpx2.Client | None = None, **fields: Any) -> httpx2.Response:
    headers = {} if key is None else {"idempotency-key": key}
    return (client or gateway.client).post(gateway.path, json=BODY | fields, headers=headers)


def charges(wallet: Wallet) -> list[int]:
    return list(wallet.entries.filter(kind=EntryKind.USAGE).values_list("amount_nanousd", flat=True))


def code(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_same_call_gets_the_same_answer_and_is_charged_once(gateway: Gateway, wallet: Wallet, stream: bool) -> None:
    options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    first, second = send(gateway, **options), send(gateway, **options)
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert b"Paris" in first.content
    assert {name: first.headers[name] for name in first.headers if name.startswith("x-clod")}.items() <= second.headers.items()
    assert (first.headers.get("idempotent-replayed"), second.headers["idempotent-replayed"]) == (None, "true")
    assert second.headers["x-request-id"] == first.headers["x-request-id"]
    assert len(charges(wallet)) == len(gateway.upstream.journal) == Request.objects.count() == 1


def test_calls_without_a_key_are_calls_of_their_own(gateway: Gateway, wallet: Wallet) -> None:
    send(gateway, None), send(gateway, None)
    assert len(charges(wallet)) == 2
    assert not IdempotentCall.objects.exists()


def test_another_body_under_the_same_key_is_refused(gateway: Gateway, wallet: Wallet) -> None:
    send(gateway)
    assert code(send(gateway, temperature=1)) == (422, "idempotency_key_reused")
    assert len(charges(wallet)) == 1


@FAST_LANE
@pytest.mark.parametrize("key", ["", "a b", "a,b", "é", "x" * 256])
def test_a_key_that_cannot_be_one_is_refused(gateway: Gateway, key: str) -> None:
    refused = gateway.client.post(gateway.path, json=BODY, headers={b"idempotency-key": key.encode("latin-1")})
    assert code(refused) == (400, "invalid_request")
    assert refused.json()["error"]["param"] == "Idempotency-Key"
    assert not gateway.upstream.journal


def test_two_keys_are_none(gateway: Gateway) -> None:
    refused = gateway.client.post(gateway.path, json=BODY, headers=[("idempotency-key", KEY), ("idempotency-key", "another")])
    assert code(refused) == (400, "invalid_request")
    assert not gateway.upstream.journal


def test_a_call_still_running_is_in_use_and_then_answers(gateway: Gateway, wallet: Wallet) -> None:
    gateway.offer("slow", "slow")
    answers: list[httpx2.Response] = []

    def first_call() -> None:
        with httpx2.Client(base_url=gateway.url, headers=gateway.client.headers, timeout=20) as client:
            answers.append(send(gateway, client=client, model="slow"))

    first = threading.Thread(target=first_call)
    first.start()
    while not gateway.upstream.journal:
        time.sleep(0.01)
    running = send(gateway, model="slow")
    assert code(running) == (409, "idempotency_key_in_use")
    assert int(running.headers["retry-after"]) == 1
    first.join()
    assert send(gateway, model="slow").content == answers[0].content
    assert len(charges(wallet)) == len(gateway.upstream.journal) == 1


@FAST_LANE
def test_many_at_one_moment_make_one_call(gateway: Gateway, wallet: Wallet) -> None:
    barrier, told = threading.Barrier(32), list[int]()

    def insist() -> None:
        with httpx2.Client(base_url=gateway.url, headers=gateway.client.headers, timeout=30) as client:
            barrier.wait(30)
            while (answer := send(gateway, client=client)).status_code in {409, 503}:
                time.sleep(0.05)
            told.append(answer.status_code)

    threads = [threading.Thread(target=insist) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [200] * 32
    assert len(charges(wallet)) == len(gateway.upstream.journal) == 1


def test_a_call_that_failed_before_it_cost_anything_may_be_tried_again(gateway: Gateway, wallet: Wallet) -> None:
    gateway.offer("error-500", "error-500")
    assert [send(gateway, model="error-500").status_code for _ in range(2)] == [502, 502]
    assert len({seen.at for seen in gateway.upstream.journal}) >= 2
    assert send(gateway).status_code == 200  # another body: the key stands for nothing yet
    assert len(charges(wallet)) == 1


def test_a_call_there_was_no_money_for_may_be_tried_again(gateway: Gateway, wallet: Wallet) -> None:
    wallet.refresh_from_db()
    ledger.credit(wallet.pk, -wallet.balance_nanousd, key="empty", reason="for the test", kind=EntryKind.ADJUST)
    assert send(gateway).status_code == 402
    ledger.credit(wallet.pk, 10_000_000_000, key="full", reason="for the test")
    assert send(gateway).status_code == 200


def test_an_answer_is_repeated_also_when_the_wallet_is_empty(gateway: Gateway, wallet: Wallet) -> None:
    first = send(gateway)
    wallet.refresh_from_db()
    ledger.credit(wallet.pk, -wallet.balance_nanousd, key="empty", reason="for the test", kind=EntryKind.ADJUST)
    assert send(gateway).content == first.content


def test_a_free_request_is_used_once(gateway: Gateway) -> None:
    gateway.offer("gift", "paris", is_free=True)
    first, second = send(gateway, model="gift"), send(gateway, model="gift")
    assert first.headers["x-clod-free-requests-left"] == second.headers["x-clod-free-requests-left"] == "99"
    assert send(gateway, None, model="gift").headers["x-clod-free-requests-left"] == "98"


def test_a_stream_that_broke_is_not_paid_twice_and_says_so(gateway: Gateway, wallet: Wallet) -> None:
    gateway.offer("cut", "cut-mid-stream")
    first, second = (send(gateway, model="cut", stream=True).text for _ in range(2))
    assert first.split("data: ")[1:-1] == second.split("data: ")[1:-1]
    assert json.loads(second.split("data: ")[-1])["error"]["code"] == "idempotent_answer_incomplete"
    assert "[DONE]" not in second
    assert len(charges(wallet)) == 1


def test_a_client_that_left_gets_what_it_paid_for(gateway: Gateway, wallet: Wallet) -> None:
    gateway.offer("forever", "forever")
    with gateway.client.stream(
        "POST", gateway.path, json=BODY | {"model": "forever", "stream": True}, headers={"idempotency-key": KEY}
    ) as it:
        next(it.iter_lines())
    gateway.settled()
    again = send(gateway, model="forever", stream=True)
    assert '"content":"The "' in again.text
    assert json.loads(again.text.split("data: ")[-1])["error"]["code"] == "idempotent_answer_incomplete"
    assert len(charges(wallet)) == len(gateway.upstream.journal) == 1


def test_a_client_that_left_an_upstream_that_is_read_to_its_end_gets_the_whole_answer(gateway: Gateway, wallet: Wallet) -> None:
    model = shop.model("drained")
    shop.endpoint(model, gateway.upstream.base_url, "slow", provider=shop.provider("drainer", cancel_policy=CancelPolicy.DRAIN))
    with pytest.raises(httpx2.ReadTimeout):
        gateway.client.post(gateway.path, json=BODY | {"model": "drained"}, headers={"idempotency-key": KEY}, timeout=0.5)
    assert gateway.settled().status == "client_closed"
    assert send(gateway, model="drained").json()["choices"][0]["message"]["content"] == "The capital of France is Paris."
    assert len(charges(wallet)) == len(gateway.upstream.journal) == 1


def test_an_interrupted_call_that_was_charged_is_not_made_again(gateway: Gateway, wallet: Wallet) -> None:
    """As after kill -9: the sweeper charged its checkpoint, and its answer is lost."""
    send(gateway)
    Hold.objects.update(state="expired")
    IdempotentCall.objects.update(answer=None)
    gone = send(gateway)
    assert code(gone) == (410, "idempotent_answer_gone")
    assert gone.json()["error"]["charged_usd"] == "0.000048"
    Hold.objects.update(state="captured")


@FAST_LANE
def test_an_answer_too_large_to_keep_is_gone(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MOST_KEPT_BYTES", 100)
    assert send(gateway).status_code == 200
    assert code(send(gateway)) == (410, "idempotent_answer_gone")


def test_an_answer_too_large_to_keep_takes_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MOST_KEPT_BYTES", 100)
    transcript = idempotency.Transcript(KEY, "chat", b"{}")
    for _ in range(3):
        transcript.add(b"x" * 60)
    assert transcript._parts == []


@FAST_LANE
def test_a_box_that_cannot_be_packed_does_not_stop_the_charge(gateway: Gateway, wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(idempotency.Transcript, "_seal", broken)
    assert send(gateway).status_code == 200
    assert len(charges(wallet)) == 1


def test_a_key_of_another_project_is_another_key(gateway: Gateway, organization: Organization, alice: User, wallet: Wallet) -> None:
    other = Project.objects.create(organization=organization, name="Other")
    _, secret = keys.generate(other, name="other", actor=alice)
    send(gateway)
    answer = gateway.client.post(gateway.path, json=BODY, headers={"idempotency-key": KEY, "authorization": f"Bearer {secret}"})
    assert "idempotent-replayed" not in answer.headers
    assert len(charges(wallet)) == 2


@FAST_LANE
def test_a_revoked_key_reads_no_kept_answer(gateway: Gateway, project: Project, alice: User) -> None:
    send(gateway)
    for key in project.api_keys.all():
        keys.revoke(key, actor=alice)
    assert send(gateway).status_code == 401


@FAST_LANE
def test_the_key_is_free_again_after_a_day(gateway: Gateway, wallet: Wallet) -> None:
    send(gateway)
    IdempotentCall.objects.update(created_at=clock.now() - KEPT_FOR)
    assert "idempotent-replayed" not in send(gateway).headers
    assert len(charges(wallet)) == 2


@FAST_LANE
def test_nothing_readable_is_kept(gateway: Gateway) -> None:
    """Neither the key, nor the prompt, nor the answer, nor a digest of any of them alone."""
    send(gateway, key="canary-key")
    row = IdempotentCall.objects.get()
    stored = bytes(row.answer or b"") + row.key_digest.encode() + row.body_digest.encode()
    assert not any(word in stored for word in (b"canary", b"France", b"Paris"))
    assert len(row.answer or b"") > 100


@pytest.mark.parametrize(
    "other", [("another", "chat", b"{}"), (KEY, "completions", b"{}"), (KEY, "chat", b"{ }")], ids=["key", "operation", "body"]
)
def test_a_box_opens_with_its_own_key_operation_and_body_only(other: tuple[str, str, bytes]) -> None:
    ours, theirs = idempotency.Transcript(KEY, "chat", b"{}"), idempotency.Transcript(*other)
    sealed = ours._seal(idempotency._Kept([], b"Paris"))
    assert ours._open(sealed).body == b"Paris"
    with pytest.raises(InvalidTag):
        theirs._open(sealed)
    assert ours.known_as.body_digest != theirs.known_as.body_digest
