"""What an Idempotency-Key stands for, for each way its first call can end. Over HTTP: tests/gateway/test_repeat_a_call.py."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.db import connection

from billing import holds, ledger, refusals, tasks
from billing.holds import Answered, Held, Keepsake, Repeatable
from billing.ledger import locks, statements
from billing.ledger.idempotency import KEPT_FOR
from billing.models import FreeQuotaDay, IdempotentCall
from clod_site.lib import clock, ids
from tests.billing import till

pytestmark = pytest.mark.usefixtures("money")
KEY, ANSWER = Repeatable(key_digest="k" * 64, body_digest="b" * 64), b"sealed"


def keeping(held: Held, charge: int = 1000) -> Any:
    """Capture the call, and keep its answer."""
    return till.run(holds.capture(held, msgspec.structs.replace(till.outcome(held, charge), keepsake=Keepsake(KEY.key_digest, ANSWER))))


def swept() -> None:
    ledger.stop(10)
    assert ledger.sweep(clock.now() + timedelta(hours=1)) == 1


def test_the_answer_of_a_charged_call_is_given_again() -> None:
    dana = till.customer()
    ask = dana.ask(repeatable=KEY)
    keeping(till.authorise(ask))
    assert till.authorise(dana.ask(repeatable=KEY)) == Answered(ask.request_id, ANSWER)


def test_the_same_ask_sent_twice_is_the_same_hold() -> None:
    """The ledger's answer was lost on its way; the gateway asks again."""
    dana = till.customer()
    ask = dana.ask(repeatable=KEY)
    assert till.authorise(ask) == till.authorise(ask)


def test_two_of_one_batch_are_one_call() -> None:
    dana = till.customer()
    first, *others = till.all_at_once(dana.ask(repeatable=KEY) for _ in range(8))
    assert isinstance(first, Held)
    assert {type(other) for other in others} == {refusals.IdempotentCallRunning}
    assert dana.wallet.held_nanousd == till.CALL


def test_a_call_given_back_has_not_happened() -> None:
    dana = till.customer()
    till.run(holds.void(till.authorise(dana.ask(repeatable=KEY))))
    assert isinstance(till.authorise(dana.ask(repeatable=msgspec.structs.replace(KEY, body_digest="c" * 64))), Held)


def test_an_answer_comes_too_late_for_a_key_that_has_moved_on() -> None:
    """A call was swept, its key was used again, and then it ended after all."""
    dana = till.customer()
    late = till.authorise(dana.ask(repeatable=KEY))
    swept()
    second = till.authorise(dana.ask(repeatable=KEY))
    keeping(late)
    with pytest.raises(refusals.IdempotentCallRunning):
        till.authorise(dana.ask(repeatable=KEY))
    till.run(holds.void(second))
    assert IdempotentCall.objects.get().answer is None


def test_a_voided_call_keeps_no_answer() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask(repeatable=KEY))
    kept = msgspec.structs.replace(till.outcome(held), keepsake=Keepsake(KEY.key_digest, ANSWER))
    till.run(holds.void(held, kept))
    assert IdempotentCall.objects.get().answer is None


def test_an_interrupted_call_that_cost_nothing_may_be_made_again() -> None:
    dana = till.customer()
    till.authorise(dana.ask(repeatable=KEY))
    swept()
    assert isinstance(till.authorise(dana.ask(repeatable=KEY)), Held)


def test_an_interrupted_call_that_was_charged_is_not_made_again() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask(repeatable=KEY))
    holds.checkpoint(held, 4000)
    swept()
    with pytest.raises(refusals.IdempotentAnswerGone) as gone:
        till.authorise(dana.ask(repeatable=KEY))
    assert gone.value.extra["charged_usd"] == "0.000004"


def test_an_interrupted_free_request_is_used_up_with_its_key() -> None:
    dana = till.customer()
    till.authorise(dana.ask(repeatable=KEY, free=True))
    swept()
    with pytest.raises(refusals.IdempotentAnswerGone):
        till.authorise(dana.ask(repeatable=KEY, free=True))
    assert FreeQuotaDay.objects.get().used == 1


def test_a_refused_call_takes_no_key() -> None:
    dana = till.customer()
    with pytest.raises(refusals.InsufficientFunds):
        till.authorise(dana.ask(10 * till.CALL + 1, repeatable=KEY))
    assert isinstance(till.authorise(dana.ask(repeatable=KEY)), Held)


def test_keys_are_forgotten_after_a_day_with_their_answers() -> None:
    dana = till.customer()
    keeping(till.authorise(dana.ask(repeatable=KEY)))
    ledger.forget_answers(clock.now() + timedelta(hours=23))
    assert IdempotentCall.objects.count() == 1
    tasks.forget_answers()
    assert ledger.forget_answers(clock.now() + timedelta(hours=24)) == 1
    assert not IdempotentCall.objects.exists()
    assert isinstance(till.authorise(dana.ask(repeatable=KEY)), Held)


def a_day_later() -> None:
    IdempotentCall.objects.update(created_at=clock.now() - KEPT_FOR)


def test_a_key_used_again_a_day_later_counts_for_another_day() -> None:
    dana = till.customer()
    keeping(till.authorise(dana.ask(repeatable=KEY)))
    a_day_later()
    again = till.authorise(dana.ask(repeatable=KEY))
    keeping(again)
    assert till.authorise(dana.ask(repeatable=KEY)) == Answered(again.request_id, ANSWER)


def test_a_key_used_again_a_day_later_has_lost_its_first_answer() -> None:
    dana = till.customer()
    keeping(till.authorise(dana.ask(repeatable=KEY)))
    a_day_later()
    holds.checkpoint(till.authorise(dana.ask(repeatable=KEY)), 4000)
    swept()
    with pytest.raises(refusals.IdempotentAnswerGone):
        till.authorise(dana.ask(repeatable=KEY))


def test_a_call_that_outlives_its_key_s_day_keeps_its_answer_from_the_next_one() -> None:
    dana = till.customer()
    first = till.authorise(dana.ask(repeatable=KEY))
    a_day_later()
    second = till.authorise(dana.ask(repeatable=KEY))
    keeping(first)
    till.capture(second, 1000)
    with pytest.raises(refusals.IdempotentAnswerGone):
        till.authorise(dana.ask(repeatable=KEY))


def test_a_key_without_a_project_is_refused_like_any_call_without_one() -> None:
    dana = till.customer()
    with pytest.raises(refusals.InvalidApiKey):
        till.authorise(dana.ask(project_id=ids.uuid7(), repeatable=KEY))
    assert not IdempotentCall.objects.exists()


def test_a_key_used_again_while_old_ones_are_forgotten_is_kept() -> None:
    """It was on the list of what is to be deleted, and is a new call's when its turn comes."""
    dana = till.customer()
    keeping(till.authorise(dana.ask(repeatable=KEY)))
    a_day_later()

    def renewed_once_listed(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if sql.startswith("SELECT") and "billing_idempotentcall" in sql:
            IdempotentCall.objects.update(created_at=clock.now())
        return result

    with connection.execute_wrapper(renewed_once_listed):
        assert ledger.forget_answers(clock.now()) == 0
    assert isinstance(till.authorise(dana.ask(repeatable=KEY)), Answered)


def test_a_key_forgotten_at_the_moment_it_is_used_again_is_the_new_call_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row is there when it is made sure of, and gone when it is locked: the job has deleted it in between."""
    dana = till.customer()
    read, forgotten = locks._read, list[Any]()

    def forgetful(store: Any, statement: Any, keys: Any) -> Any:
        if statement is statements.idempotent_calls and not forgotten:
            forgotten.append(keys)
            return list
        return read(store, statement, keys)

    monkeypatch.setattr(locks, "_read", forgetful)
    ask = dana.ask(repeatable=KEY)
    till.authorise(ask)
    assert forgotten
    assert IdempotentCall.objects.get().request_id == ask.request_id
