"""A call sets money aside before it starts, and pays for what it used when it ends."""

from datetime import timedelta

import pytest

from activity.models import Request
from billing import holds, refusals
from billing.models import Attempt, Hold, LedgerEntry, PlatformLoss, Wallet
from clod_site.lib import clock, ids
from clod_site.lib.refusal import Refusal
from projects.models import ApiKey, Project
from tests.billing import till

pytestmark = pytest.mark.usefixtures("money")


def refused(ask: holds.HoldAsk) -> Refusal:
    with pytest.raises(Refusal) as caught:
        till.authorise(ask)
    return caught.value


def test_it_holds_then_charges_what_was_used() -> None:
    dana = till.customer(dollars="1.00")
    held = till.authorise(dana.ask(till.CALL))
    assert (dana.wallet.balance_nanousd, dana.wallet.held_nanousd) == (10 * till.CALL, till.CALL)
    settled = till.capture(held, till.CALL // 4)
    assert settled == holds.Settled(till.CALL // 4, 10 * till.CALL - till.CALL // 4)
    assert (dana.wallet.balance_nanousd, dana.wallet.held_nanousd) == (settled.balance_nanousd, 0)
    entry = LedgerEntry.objects.get(kind="usage")
    assert (entry.amount_nanousd, entry.balance_after_nanousd) == (-settled.charged_nanousd, settled.balance_nanousd)
    assert entry.reference == ids.public("req", held.request_id)
    assert Hold.objects.get().state == "captured"


def test_the_request_and_its_attempts_are_written_with_the_charge() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    attempt = holds.AttemptRow(1, dana.tick.endpoint_id, clock.now(), 5, 9, 10**25, "ok")
    till.capture(held, 1000, attempt_rows=(attempt,), fee_nanousd=40, routing={"why": ["cheapest", 0.5, None]})
    row = Request.objects.get(pk=held.request_id)
    assert (row.cost_nanousd, row.fee_nanousd, row.paid_by, row.api_key_id) == (1000, 40, "wallet", dana.key.pk)
    assert row.routing == {"why": ["cheapest", 0.5, None]}
    booked = Attempt.objects.get(request_id=held.request_id)
    assert (booked.endpoint_id, booked.upstream_cost_nanousd) == (dana.tick.endpoint_id, 2**63 - 1)


def test_it_never_charges_more_than_the_hold_and_counts_the_loss() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask(till.CALL))
    assert till.capture(held, till.CALL + 7).charged_nanousd == till.CALL
    assert PlatformLoss.objects.get(request_id=held.request_id).amount_nanousd == 7


def test_an_absurd_charge_is_taken_for_the_hold_and_a_negative_one_for_nothing() -> None:
    dana = till.customer()
    absurd, negative = till.authorise(dana.ask()), till.authorise(dana.ask())
    assert till.capture(absurd, 10**40, completion_tokens=10**30).charged_nanousd == till.CALL
    assert till.capture(negative, -5, prompt_tokens=-1).charged_nanousd == 0
    assert Request.objects.get(pk=absurd.request_id).completion_tokens == 2**63 - 1
    assert Request.objects.get(pk=negative.request_id).prompt_tokens == 0


def test_the_second_settlement_changes_nothing_and_answers_what_the_first_did() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    first = till.capture(held, 1000)
    till.run(holds.void(held))
    assert till.capture(held, 2000) == first
    assert (dana.state_of(held.request_id), LedgerEntry.objects.filter(kind="usage").count()) == ("captured", 1)


def test_two_settlements_in_the_same_instant_charge_once() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())

    async def both() -> list[holds.Settled]:
        import asyncio

        return await asyncio.gather(*(holds.capture(held, till.outcome(held, charge)) for charge in (1000, 2000, 3000)))

    assert {settled.charged_nanousd for settled in till.run(both())} == {1000}


def test_a_void_gives_the_money_back() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    till.run(holds.void(held))
    assert (dana.wallet.balance_nanousd, dana.wallet.held_nanousd, dana.state_of(held.request_id)) == (10 * till.CALL, 0, "voided")
    assert not Request.objects.exists()
    assert till.capture(held, 1000).charged_nanousd == 0


def test_a_void_with_an_outcome_records_the_call_at_no_cost() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    till.run(holds.void(held, till.outcome(held, 5000, status="upstream_error", error_code="upstream_error")))
    row = Request.objects.get(pk=held.request_id)
    assert (row.status, row.cost_nanousd) == ("upstream_error", 0)
    assert not LedgerEntry.objects.filter(kind="usage").exists()


def test_asking_twice_with_one_request_id_holds_once() -> None:
    dana = till.customer()
    ask = dana.ask()
    assert till.authorise(ask) == till.authorise(ask)
    assert dana.wallet.held_nanousd == till.CALL


def test_it_refuses_what_the_wallet_cannot_cover_and_says_how_much_is_missing() -> None:
    dana = till.customer(dollars="0.15")
    till.authorise(dana.ask())
    refusal = refused(dana.ask())
    assert (refusal.status, refusal.type, refusal.code) == (402, "insufficient_quota", "insufficient_funds")
    assert refusal.extra == {"needed_usd": "0.1", "available_usd": "0.05"}
    assert "$0.10" in refusal.message
    assert "$0.05" in refusal.message


def test_it_holds_the_last_cent() -> None:
    dana = till.customer(dollars="0.10")
    till.authorise(dana.ask(till.CALL))
    assert dana.wallet.balance_nanousd == dana.wallet.held_nanousd


def test_a_revoked_key_starts_no_call() -> None:
    dana = till.customer()
    ApiKey.objects.filter(pk=dana.key.pk).update(revoked_at=clock.now() + timedelta(days=1))  # a clock ahead of ours
    refusal = refused(dana.ask())
    assert (refusal.status, refusal.type, refusal.code) == (401, "authentication_error", "invalid_api_key")


def test_a_disabled_key_starts_no_call_until_it_is_enabled() -> None:
    dana = till.customer()
    ApiKey.objects.filter(pk=dana.key.pk).update(disabled_at=clock.now())
    assert refused(dana.ask()).code == "invalid_api_key"
    ApiKey.objects.filter(pk=dana.key.pk).update(disabled_at=None)
    till.authorise(dana.ask())


def test_an_expired_key_starts_no_call() -> None:
    dana = till.customer()
    ApiKey.objects.filter(pk=dana.key.pk).update(expires_at=clock.now())
    assert refused(dana.ask()).code == "invalid_api_key"


def test_a_key_of_another_project_or_no_key_at_all_starts_no_call() -> None:
    dana, eve = till.customer(), till.customer("eve")
    assert refused(dana.ask(api_key_id=eve.key.pk)).code == "invalid_api_key"
    assert refused(dana.ask(api_key_id=ids.uuid7())).code == "invalid_api_key"
    assert refused(dana.ask(project_id=ids.uuid7())).code == "invalid_api_key"
    assert refused(dana.ask(organization_id=eve.organization.pk)).code == "invalid_api_key"


def test_a_running_call_is_settled_after_its_key_was_revoked() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    ApiKey.objects.filter(pk=dana.key.pk).update(revoked_at=clock.now())
    assert till.capture(held, 1000).charged_nanousd == 1000


def test_an_archived_project_and_a_suspended_organization_start_no_call() -> None:
    dana = till.customer()
    Project.objects.update(archived_at=clock.now())
    assert (refused(dana.ask()).code, refused(dana.ask(api_key_id=None)).code) == ("invalid_api_key", "project_archived")
    type(dana.organization).objects.update(suspended_at=clock.now())
    assert (refused(dana.ask()).code, refused(dana.ask(api_key_id=None)).code) == ("invalid_api_key", "organization_suspended")


def test_studio_calls_without_a_key() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask(api_key_id=None))
    till.capture(held, 1)
    assert Request.objects.get().api_key_id is None


def test_a_frozen_wallet_starts_no_call_but_pays_for_running_ones() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    Wallet.objects.update(frozen_at=clock.now())
    assert refused(dana.ask()).code == "wallet_frozen"
    assert refused(dana.ask(free=True)).code == "wallet_frozen"
    assert till.capture(held, 1000).charged_nanousd == 1000


def test_no_price_is_never_free() -> None:
    dana = till.customer()
    for ask in (dana.ask(price_tick_id=10**9), dana.ask(-1)):
        refusal = refused(ask)
        assert (refusal.status, refusal.code, refusal.retry_after_s) == (503, "price_unavailable", 5)
    assert issubclass(refusals.PriceUnavailable, refusals.TryAgain)


def test_a_refused_call_leaves_its_neighbours_alone() -> None:
    dana, eve = till.customer(dollars="0.10"), till.customer("eve", dollars="0.10")
    asks = [dana.ask(), dana.ask(), eve.ask(), eve.ask(price_tick_id=10**9)]
    answers = till.all_at_once(asks)
    assert [type(answer).__name__ for answer in answers] == ["Held", "InsufficientFunds", "Held", "PriceUnavailable"]
