"""Projects that keep what is said get it as the client did; all others, and what cannot be sealed, leave nothing."""

import json
import time
from datetime import timedelta

import pytest

from activity.bodies import keeper, retention
from activity.models import Body, Request
from clod_site.lib import clock, ids
from gateway import bodies
from projects.models import BodyLogging, Project, Recipient
from tests.gateway import sealing
from tests.gateway.conftest import Gateway

pytestmark = pytest.mark.django_db(transaction=True)
QUESTION = [{"role": "user", "content": "What is the capital of France?"}]


@pytest.fixture(autouse=True)
def written(gateway: Gateway):
    """Nothing of a test is written after it."""
    yield
    keeper.stop(10)


def test_a_project_that_keeps_nothing_leaves_nothing(gateway: Gateway) -> None:
    assert gateway.complete().status_code == 200
    gateway.settled()
    time.sleep(0.2)
    assert sealing.stored() == []


def test_a_whole_answer_is_kept_as_it_was_told(gateway: Gateway, project: Project) -> None:
    sealing.keep(project, days=7)
    answer = gateway.complete(temperature=0.5)
    request = gateway.settled()
    (body,) = _soon(1)
    assert body.pk == request.pk
    assert (body.project_id, body.organization_id) == (project.pk, project.organization_id)
    assert body.delete_at - body.created_at == timedelta(days=7)
    said = sealing.document(body)
    assert said["v"] == 1
    assert said["request"] == {"model": "paris", "messages": QUESTION, "temperature": 0.5}
    assert said["response"] == answer.json()
    assert said["error"] is None


def test_a_stream_is_put_together(gateway: Gateway, project: Project) -> None:
    sealing.keep(project)
    events = [json.loads(event) for event in gateway.stream() if event != "[DONE]"]
    (body,) = _soon(1)
    said = sealing.document(body)
    text = "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])
    assert text
    assert said["response"]["choices"][0]["message"] == {"role": "assistant", "content": text}
    assert said["response"]["choices"][0]["finish_reason"] == "stop"
    assert said["response"]["id"] == events[0]["id"]
    assert said["response"]["usage"]["completion_tokens"] > 0


def test_what_failed_is_kept_with_what_the_client_was_told(gateway: Gateway, project: Project) -> None:
    sealing.keep(project)
    gateway.offer("broken", "error-500")
    answer = gateway.complete("broken")
    assert answer.status_code == 502
    (body,) = _soon(1)
    said = sealing.document(body)
    assert said["request"]["model"] == "broken"
    assert said["response"] is None
    assert said["error"] == answer.json()["error"]


def test_of_a_stream_that_broke_off_there_is_what_came_and_why_it_ended(gateway: Gateway, project: Project) -> None:
    sealing.keep(project)
    gateway.offer("breaks", "error-mid-stream")
    *_, last = gateway.stream("breaks")
    (body,) = _soon(1)
    said = sealing.document(body)
    assert said["response"]["choices"][0]["message"]["content"] == "The capital of France "
    assert said["error"] == json.loads(last)["error"]


def test_of_a_call_whose_client_left_there_is_what_had_come(gateway: Gateway, project: Project) -> None:
    sealing.keep(project)
    gateway.offer("forever", "forever")
    with gateway.client.stream("POST", gateway.path, json={"model": "forever", "messages": QUESTION, "stream": True}) as answer:
        next(line for line in answer.iter_lines() if "content" in line)
    (body,) = _soon(1)
    said = sealing.document(body)
    assert said["response"]["choices"][0]["message"]["content"].startswith("The ")
    assert said["error"] is None


def test_an_answer_that_is_too_large_is_left_out_and_its_request_kept(
    gateway: Gateway, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MOST_BYTES", 300)
    sealing.keep(project)
    gateway.stream()
    (body,) = _soon(1)
    said = sealing.document(body)
    assert said["request"]["messages"] == QUESTION
    assert said["response"]["bytes"] > 200
    gateway.complete(user="x" * 400)
    assert sealing.document(_soon(2)[1])["request"]["left_out"] == "larger than 8 MiB"


def test_it_is_sealed_to_every_recipient_and_bound_to_its_row(gateway: Gateway, project: Project) -> None:
    holders = [sealing.holder_of(project, name) for name in ("first", "second")]
    Recipient.objects.create(project=project, kid="x" * 43, jwk={}, name="has proved nothing")
    revoked = sealing.holder_of(project, "revoked")
    Recipient.objects.filter(kid=revoked.kid).update(revoked_at=clock.now())
    sealing.keep(project, BodyLogging.SEALED)
    gateway.complete()
    (body,) = _soon(1)
    assert body.is_sealed
    assert "France" not in body.content
    sealed = json.loads(body.content)
    assert [each["header"]["kid"] for each in sealed["recipients"]] == [each.kid for each in holders]
    assert body.kids.split() == [each.kid for each in holders]
    bound = json.loads(bodies.jwe.from_b64(sealed["aad"]))
    assert bound == {"v": 1, "project": ids.public("proj", project.pk), "request": ids.public("req", body.pk)}


def test_without_a_usable_key_nothing_is_stored(gateway: Gateway, project: Project) -> None:
    sealing.keep(project, BodyLogging.SEALED)
    holder = sealing.holder_of(project)
    Recipient.objects.filter(kid=holder.kid).update(jwk={"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"})
    assert gateway.complete().status_code == 200
    gateway.settled()
    time.sleep(0.2)
    assert sealing.stored() == []


def test_a_database_that_refuses_bodies_costs_no_answer_and_quotes_nothing(
    gateway: Gateway, project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sealing.keep(project)

    def refuse(*_: object, **__: object) -> None:
        raise keeper.Error("Failing row contains (What is the capital of France?)")

    monkeypatch.setattr(Body.objects, "bulk_create", refuse)
    assert gateway.complete().status_code == 200
    assert gateway.settled().cost_nanousd > 0
    assert keeper.flush(10)
    deadline = time.monotonic() + 5
    while "refused by the database" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "refused by the database: Error" in caplog.text
    assert "France" not in caplog.text


def test_one_bad_body_does_not_keep_out_its_neighbours(gateway: Gateway, project: Project) -> None:
    sealing.keep(project)
    gateway.complete()
    (good,) = _soon(1)
    Body.objects.all().delete()
    bad = Body(pk=ids.uuid7(), organization_id=good.organization_id, project_id=good.project_id, created_at=None)
    kept = keeper.Keeper()
    kept._write([bad, good])
    assert [body.pk for body in Body.objects.all()] == [good.pk]


def test_beyond_the_bound_bodies_are_dropped_not_memory(gateway: Gateway, caplog: pytest.LogCaptureFixture, monkeypatch) -> None:
    monkeypatch.setattr(keeper, "MOST_WAITING_BYTES", 10)
    crowded = keeper.Keeper()
    crowded.keep(Body(content="x" * 11))
    assert "1 dropped" in caplog.text
    assert crowded.flush(0.1)


def test_bodies_are_deleted_when_their_days_are_over(gateway: Gateway, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    sealing.keep(project, days=7)
    gateway.complete()
    gateway.complete()
    gateway.settled(2)
    bodies_ = _soon(2)
    assert retention.prune(bodies_[0].delete_at - timedelta(seconds=1)) == 0
    assert retention.prune(bodies_[1].delete_at) == 2
    assert not Body.objects.exists()
    assert Request.objects.count() == 2


def test_a_closed_organization_leaves_none(gateway: Gateway, project: Project) -> None:
    sealing.keep(project)
    gateway.complete()
    _soon(1)
    retention.on_close(project.organization)
    assert not Body.objects.exists()


def _soon(count: int) -> list[Body]:
    deadline = time.monotonic() + 10
    while len(found := sealing.stored()) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(found) == count
    return found
