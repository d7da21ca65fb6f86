"""What webhooks are told of money. Amounts as text in dollars and in nano-USD."""

from billing.alert_models import BudgetAlert
from billing.models import Wallet
from billing.payment_models import TopUp
from projects import telling
from projects.telling import amount
from webhooks import events
from webhooks.event_types import BUDGET_REACHED, WALLET_LOW, WALLET_TOPPED_UP

MONTH_KEY_LENGTH = 7


def of_budget(alert: BudgetAlert) -> None:
    """``percent`` is the threshold, ``percent_spent`` what is spent of the cap; the key is null where it is the project's."""
    period = alert.period
    api_key = period.api_key
    project = api_key.project if api_key else period.project
    assert project is not None
    told = {
        "project": telling.project(project),
        "api_key": telling.key(api_key) if api_key else None,
        "period": "month" if len(period.period_key) == MONTH_KEY_LENGTH else "day",
        "period_key": period.period_key,
        "percent": alert.percent,
        "percent_spent": alert.percent_spent,
        **amount("spent", alert.spent_nanousd),
        **amount("cap", alert.cap_nanousd),
        "resets_at": events.instant(alert.resets_at),
    }
    events.emit(alert.organization_id, BUDGET_REACHED, told)


def of_low_wallet(wallet: Wallet, low_nanousd: int) -> None:
    events.emit(wallet.organization_id, WALLET_LOW, amount("balance", wallet.balance_nanousd) | amount("threshold", low_nanousd))


def of_top_up(top_up: TopUp) -> None:
    told = {"id": top_up.public_id, **amount("amount", top_up.amount_nanousd), "is_automatic": top_up.is_automatic}
    events.emit(top_up.organization_id, WALLET_TOPPED_UP, {"top_up": told})
