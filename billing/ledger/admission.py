"""May this call start, and who pays for it? Pure functions on locked rows; each checks everything before it changes anything."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from billing import allowance, refusals
from billing.ledger import idempotency
from billing.ledger.books import Books, Hold, Key, Project, Wallet
from billing.models import Funding, HoldState
from billing.terms import Answered, Held, HoldAsk
from clod_site.lib.calendars import Calendar


class Today(NamedTuple):
    """The organization's local day and month at admission, and the instants they end."""

    day: str
    month: str
    day_ends: datetime
    month_ends: datetime


MOST_DAYS = 4096
_days: dict[Calendar, tuple[datetime, Today]] = {}  # since when each is known


def today(calendar: Calendar, now: datetime) -> Today:
    """Worked out once a day for each calendar."""
    since, day = _days.get(calendar, (now, None))
    if day and since <= now < day.day_ends:
        return day
    if len(_days) >= MOST_DAYS:
        _days.clear()
    day = Today(calendar.day_key(now), calendar.month_key(now), calendar.day_ends(now), calendar.month_ends(now))
    _days[calendar] = now, day
    return day


def authorise(books: Books, ask: HoldAsk, now: datetime) -> Held | Answered:
    """A hold, paid by a free request or the wallet; or what the same call was answered before. Raises ``billing.refusals``."""
    existing = books.holds.get(ask.request_id)
    if existing is not None:  # asked before, and the answer was lost on the way
        return held_by(existing, ask.organization_id)
    project = entitled(books, ask, now)
    if answered := idempotency.earlier_answer(books, ask, now):
        return answered
    wallet = thawed(books, project)
    return _hold_at_first_payable(books, ask, project, wallet, today(project.calendar, now), now)


def thawed(books: Books, project: Project) -> Wallet:
    wallet = books.wallets[project.wallet_id]
    if wallet.frozen_at is not None:
        raise refusals.WalletFrozen
    return wallet


def entitled(books: Books, ask: HoldAsk, now: datetime) -> Project:
    """The project that asks, if its key, itself and its organization may start calls at this instant."""
    project = books.projects.get(ask.project_id)
    if project is None or project.organization_id != ask.organization_id:
        raise refusals.InvalidApiKey
    closed = project.archived_at is not None or project.suspended_at is not None
    if ask.api_key_id is not None and (closed or not _is_valid(books.keys.get(ask.api_key_id), project, now)):
        raise refusals.InvalidApiKey
    if project.suspended_at is not None:
        raise refusals.OrganizationSuspended
    if project.archived_at is not None:
        raise refusals.ProjectArchived(project.name)
    return project


def _is_valid(key: Key | None, project: Project, now: datetime) -> bool:
    return (
        key is not None
        and key.project_id == project.id
        and key.revoked_at is None  # whatever its time: clocks of two machines may differ
        and key.disabled_at is None
        and (key.expires_at is None or key.expires_at > now)
    )


def _hold_at_first_payable(books: Books, ask: HoldAsk, project: Project, wallet: Wallet, dates: Today, now: datetime) -> Held:
    """At the ask's own price, or the first of its alternatives that can be paid; when none can, the refusal of its own."""
    try:
        return _hold(books, ask, project, wallet, dates, now)
    except refusals.OutOfMoney:
        for price in ask.alternatives:
            with suppress(refusals.OutOfMoney):
                return _hold(books, ask.at(price), project, wallet, dates, now)
        raise


def _hold(books: Books, ask: HoldAsk, project: Project, wallet: Wallet, dates: Today, now: datetime) -> Held:
    if ask.price_tick_id not in books.ticks or ask.amount_nanousd < 0:
        raise refusals.PriceUnavailable
    by_rule = _hold_for_free_model if ask.is_free_model else _hold_money
    return by_rule(books, ask, project, wallet, dates, now)


def _hold_for_free_model(books: Books, ask: HoldAsk, project: Project, wallet: Wallet, dates: Today, now: datetime) -> Held:
    day = books.free_days[project.organization_id, dates.day]
    limit, resets_at = allowance.of_day(project.free_quota_since, dates.day_ends, now)
    if day.used < limit:
        day.use(1)
        return held_by(_open(books, ask, wallet, dates, Funding.FREE, 0, now), ask.organization_id, limit - day.used, resets_at)
    if not project.pays_after_free_quota:
        raise refusals.FreeQuotaExhausted(limit, resets_at)
    try:
        return _hold_money(books, ask, project, wallet, dates, now, free_resets_at=resets_at)
    except refusals.InsufficientFunds as short:
        raise refusals.FreeQuotaExhausted(limit, resets_at, short) from short


def _hold_money(
    books: Books, ask: HoldAsk, project: Project, wallet: Wallet, dates: Today, now: datetime, free_resets_at: datetime | None = None
) -> Held:
    amount = ask.amount_nanousd
    if ask.api_key_id is not None:
        _keep_to_caps(books, books.keys[ask.api_key_id], (refusals.KeyDailyCap, refusals.KeyMonthlyCap), amount, dates)
    _keep_to_caps(books, project, (refusals.ProjectDailyCap, refusals.ProjectMonthlyCap), amount, dates)
    if wallet.available < amount:
        raise refusals.InsufficientFunds(amount, wallet.available)
    hold = _open(books, ask, wallet, dates, Funding.WALLET, amount, now)
    for period in books.periods_of(hold):
        period.hold(amount)
    wallet.hold(amount)
    return held_by(hold, ask.organization_id, None if free_resets_at is None else 0, free_resets_at)


def _keep_to_caps(
    books: Books, capped: Key | Project, no: tuple[type[refusals.CapReached], type[refusals.CapReached]], amount: int, dates: Today
) -> None:
    """Refuse what does not fit under the daily or the monthly cap, with the refusal for the one or the other."""
    days = (dates.day, capped.daily_cap, dates.day_ends)
    months = (dates.month, capped.monthly_cap, dates.month_ends)
    for refusal, (period, cap, ends) in zip(no, (days, months), strict=True):
        if cap is not None and (left := books.periods[capped.id, period].left(cap)) < amount:
            raise refusal(capped.name, period, cap, amount, max(0, left), ends)


def _open(books: Books, ask: HoldAsk, wallet: Wallet, dates: Today, funding: Funding, amount: int, now: datetime) -> Hold:
    hold = new_hold(ask.request_id, ask, wallet, dates, funding, amount, now)
    idempotency.claim(books, ask, now)
    return books.open(hold)


def new_hold(
    hold_id: UUID, ask: HoldAsk, wallet: Wallet, dates: Today, funding: Funding, amount: int, now: datetime, *, is_lease: bool = False
) -> Hold:
    return Hold(
        id=hold_id,
        wallet_id=wallet.id,
        project_id=ask.project_id,
        api_key_id=ask.api_key_id,
        price_tick_id=ask.price_tick_id,
        funding=funding.value,
        amount=amount,
        checkpoint=0,
        state=HoldState.OPEN.value,
        day_key=dates.day,
        month_key=dates.month,
        created_at=now,
        expires_at=now + timedelta(seconds=ask.ttl_s),
        settled_at=None,
        captured=0,
        is_lease=is_lease,
    )


def held_by(hold: Hold, organization_id: UUID, free_left: int | None = None, free_resets_at: datetime | None = None) -> Held:
    return Held(
        request_id=hold.id,
        organization_id=organization_id,
        project_id=hold.project_id,
        api_key_id=hold.api_key_id,
        wallet_id=hold.wallet_id,
        price_tick_id=hold.price_tick_id,
        funding=hold.funding,
        amount_nanousd=hold.amount,
        day_key=hold.day_key,
        month_key=hold.month_key,
        expires_at=hold.expires_at,
        free_left=free_left,
        free_resets_at=free_resets_at,
    )
