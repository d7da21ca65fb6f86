"""A call that may go elsewhere: the first price that can be paid counts, decided under the locks of the one that could not."""

import asyncio

import pytest

from billing import check, holds, refusals
from billing.holds import Held, Price
from billing.models import FreeQuotaDay, Funding, Wallet
from clod_site.lib.money import usd
from projects.models import Project
from tests.billing import till

pytestmark = pytest.mark.usefixtures("ledger_db")


@pytest.fixture
def elsewhere() -> int:
    return till.tick("elsewhere").pk


def test_the_ask_s_own_price_comes_first(elsewhere: int) -> None:
    dana = till.customer()
    held = till.authorise(dana.ask(alternatives=(Price(elsewhere, 1, False),)))
    assert (held.price_tick_id, held.amount_nanousd) == (dana.tick.pk, till.CALL)
    assert check.findings() == []


def test_the_first_that_can_be_paid_is_held(elsewhere: int) -> None:
    dana = till.customer(dollars="0.05")
    held = till.authorise(dana.ask(alternatives=(Price(elsewhere, usd("0.06"), False), Price(elsewhere, usd("0.04"), False))))
    assert (held.price_tick_id, held.amount_nanousd, held.funding) == (elsewhere, usd("0.04"), Funding.WALLET)
    assert dana.wallet.held_nanousd == usd("0.04")
    assert check.findings() == []


def test_caps_turn_to_the_cheaper_one_too(elsewhere: int) -> None:
    dana = till.customer()
    Project.objects.update(daily_cap_nanousd=usd("0.05"))
    assert till.authorise(dana.ask(alternatives=(Price(elsewhere, usd("0.05"), False),))).amount_nanousd == usd("0.05")
    assert check.findings() == []


def test_an_empty_wallet_turns_to_a_free_model_and_its_quota_is_counted(elsewhere: int) -> None:
    dana = till.customer(dollars=None)
    held = till.authorise(dana.ask(alternatives=(Price(elsewhere, till.CALL, True),)))
    assert (held.funding, held.amount_nanousd, FreeQuotaDay.objects.get().used) == (Funding.FREE, 0, 1)
    assert check.findings() == []


def test_when_nothing_can_be_paid_the_first_refusal_counts(elsewhere: int) -> None:
    dana = till.customer(dollars="0.05")
    with pytest.raises(refusals.InsufficientFunds, match=r"\$0\.10"):
        till.authorise(dana.ask(alternatives=(Price(elsewhere, usd("0.06"), False),)))
    assert dana.wallet.held_nanousd == 0
    assert check.findings() == []


def test_many_at_once_spend_the_wallet_to_the_last_cent_and_no_further(elsewhere: int) -> None:
    dana = till.customer(dollars="0.55")

    async def all_at_once() -> list[Held | BaseException]:
        asks = [dana.ask(alternatives=(Price(elsewhere, usd("0.01"), False),)) for _ in range(20)]
        return await asyncio.gather(*(holds.authorise(ask) for ask in asks), return_exceptions=True)  # type: ignore[arg-type]

    answers = till.run(all_at_once())
    amounts = sorted(answer.amount_nanousd for answer in answers if isinstance(answer, Held))
    assert amounts == [usd("0.01")] * 5 + [usd("0.10")] * 5
    assert sum(isinstance(answer, refusals.InsufficientFunds) for answer in answers) == 10
    wallet = Wallet.objects.get(pk=dana.wallet.pk)
    assert (wallet.balance_nanousd, wallet.held_nanousd) == (usd("0.55"), usd("0.55"))
    assert check.findings() == []
