"""A row that somebody is changing is read after the change, not before: deciding on what was is how caps are overrun."""

from collections.abc import Callable

import msgspec
import pytest
from django.db.models import F

from billing import holds
from billing.holds import Keepsake, Repeatable
from billing.models import BudgetPeriod, FreeQuotaDay, IdempotentCall, Wallet
from clod_site.lib import clock
from clod_site.lib.refusal import Refusal
from projects.models import ApiKey, Project
from tests.billing import till
from tests.meanwhile import uncommitted

pytestmark = pytest.mark.usefixtures("ledger_db")  # other writers than the ledger are at work: its books cannot be proved

CHANGES: dict[str, Callable[[], int]] = {
    "invalid_api_key": lambda: ApiKey.objects.update(revoked_at=clock.now()),
    "key_daily_cap": lambda: ApiKey.objects.update(daily_cap_nanousd=0),
    "project_daily_cap": lambda: Project.objects.update(daily_cap_nanousd=0),
    "project_monthly_cap": lambda: BudgetPeriod.objects.update(spent_nanousd=5 * till.CALL),
    "insufficient_funds": lambda: Wallet.objects.update(held_nanousd=F("balance_nanousd")),
    "free_quota_exhausted": lambda: FreeQuotaDay.objects.update(used=100),
}


@pytest.mark.parametrize("code", CHANGES)
def test_a_call_sees_the_change_it_waited_for(code: str) -> None:
    dana = till.customer(dollars="1.00", pays_after_free_quota=False)
    Project.objects.update(monthly_cap_nanousd=5 * till.CALL)
    free = code == "free_quota_exhausted"
    till.run(holds.void(till.authorise(dana.ask(free=free))))  # so that today's rows are there
    with uncommitted(CHANGES[code]), pytest.raises(Refusal) as refused:
        till.authorise(dana.ask(free=free))
    assert refused.value.code == code


def test_an_answer_is_not_kept_under_a_key_that_another_call_is_just_taking() -> None:
    dana = till.customer()
    first = till.authorise(dana.ask(repeatable=Repeatable(key_digest="k", body_digest="b")))
    other = till.authorise(dana.ask())
    outcome = msgspec.structs.replace(till.outcome(first, 1000), keepsake=Keepsake("k", b"kept"))
    with uncommitted(lambda: IdempotentCall.objects.update(request_id=other.request_id)):
        till.run(holds.capture(first, outcome))
    call = IdempotentCall.objects.get()
    assert (call.request_id, call.answer) == (other.request_id, None)
