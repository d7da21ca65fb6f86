"""How much is set aside ahead, and for how long: the rules by themselves, on rows in memory."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing import refusals
from billing.ledger import leases, leasing
from billing.ledger.admission import new_hold, today
from billing.ledger.books import Books, Hold, Key, Period, Project, Wallet
from billing.models import Funding
from billing.terms import HoldAsk
from clod_site.lib import ids
from clod_site.lib.money import usd

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
CENT = usd("0.01")
WALLET, PROJECT, ORGANIZATION, KEY, LEASE = (ids.uuid7() for _ in range(5))


def ask(amount: int = CENT) -> HoldAsk:
    return HoldAsk(ids.uuid7(), ORGANIZATION, PROJECT, KEY, 1, amount, is_free_model=False, ttl_s=600)


def project(**changes: Any) -> Project:
    return Project(PROJECT, ORGANIZATION, "Default", None, None, None, None, "UTC", "", None, None, True, WALLET)._replace(**changes)


def key(**changes: Any) -> Key:
    return Key(KEY, PROJECT, "ci", None, None, None, None, None)._replace(**changes)


def books(dollars: str = "1000", *, of_project: Project | None = None, of_key: Key | None = None, lease: Hold | None = None) -> Books:
    """A wallet with so much available."""
    rows = Books(keys={KEY: of_key or key()}, projects={PROJECT: of_project or project()})
    rows.wallets[WALLET] = Wallet(WALLET, usd(dollars) + (lease.amount if lease else 0), lease.amount if lease else 0, None)
    rows.periods = {(subject, name): Period(1, 0, 0) for subject in (PROJECT, KEY) for name in ("2026-11-29", "2026-11")}
    if lease:
        rows.holds[lease.id] = lease
        for period in rows.periods.values():
            period.held = lease.amount
    return rows


def lease(amount: int, **changes: Any) -> Hold:
    made = new_hold(LEASE, ask(), Wallet(WALLET, 0, 0, None), today(project().calendar, NOW), Funding.WALLET, amount, NOW, is_lease=True)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def lent(rows: Books, amount: int = CENT) -> int | None:
    """What the lease holds in the end; None where it was not given, or does not go on."""
    before = rows.wallets[WALLET].held
    leasing.lend(rows, ask(amount), LEASE, NOW)
    if LEASE not in rows.lent:
        assert rows.wallets[WALLET].held == before
        return None
    taken = rows.wallets[WALLET].held - before
    assert {period.change[1] for period in rows.periods.values()} == {taken}
    return rows.holds[LEASE].amount


def test_it_is_a_fiftieth_of_what_is_left_and_128_calls_at_most() -> None:
    assert lent(books("1000")) == 128 * CENT
    assert lent(books("30")) == usd("0.60")
    assert lent(books("2")) == 4 * CENT
    assert lent(books("1.99")) is None, "that is not four calls"


@pytest.mark.parametrize("cap", ["daily_cap", "monthly_cap"])
def test_every_cap_is_looked_at(cap: str) -> None:
    assert lent(books(of_project=project(**{cap: usd("30")}))) == usd("0.60")
    assert lent(books(of_key=key(**{cap: usd("20")}))) == usd("0.40")
    assert lent(books(of_key=key(**{cap: usd("1")}))) is None


def test_one_that_goes_on_gets_what_it_lacks() -> None:
    assert lent(books(lease=lease(3 * CENT))) == 128 * CENT
    assert lent(books(lease=lease(128 * CENT))) == 128 * CENT
    assert lent(books("29.50", lease=lease(usd("0.50")))) == usd("0.60")


def test_one_that_is_far_larger_than_its_share_does_not_go_on() -> None:
    """It was made for dearer calls, or before others spent what was left."""
    twenty = lease(usd("20"))
    assert lent(books("980", lease=twenty)) == usd("20"), "a cheap call lets it be"
    assert lent(books("480", lease=lease(usd("20")))) == usd("20")
    assert lent(books("479", lease=lease(usd("20")))) is None


@pytest.mark.parametrize("cap", ["daily_cap", "monthly_cap"])
def test_under_a_cap_that_was_lowered_none_goes_on(cap: str) -> None:
    for rows in (
        books(lease=lease(usd("20")), of_project=project(**{cap: usd("5")})),
        books(lease=lease(usd("20")), of_key=key(**{cap: usd("5")})),
    ):
        assert lent(rows) is None


@pytest.mark.parametrize(
    "changes",
    [{"day_key": "2026-11-28"}, {"month_key": "2026-10"}, {"wallet_id": ids.uuid7()}, {"state": "voided"}],
    ids=lambda changes: next(iter(changes)),
)
def test_one_of_another_day_or_wallet_or_that_has_ended_does_not_go_on(changes: dict[str, Any]) -> None:
    assert lent(books(lease=lease(50 * CENT, **changes))) is None


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        (books(of_key=key(revoked_at=NOW)), refusals.InvalidApiKey),
        (books(of_key=key(disabled_at=NOW)), refusals.InvalidApiKey),
        (books(of_key=key(expires_at=NOW)), refusals.InvalidApiKey),
        (books(of_project=project(archived_at=NOW)), refusals.InvalidApiKey),
        (books(of_project=project(suspended_at=NOW)), refusals.InvalidApiKey),
    ],
)
def test_whoever_may_start_no_call_gets_none(rows: Books, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        leasing.lend(rows, ask(), LEASE, NOW)


def test_a_frozen_wallet_gives_none() -> None:
    rows = books()
    rows.wallets[WALLET].frozen_at = NOW
    with pytest.raises(refusals.WalletFrozen):
        leasing.lend(rows, ask(), LEASE, NOW)


def test_it_ends_after_a_second_by_any_clock_and_never_later_than_its_key_its_day_and_its_row() -> None:
    def ends_at(rows: Books, now: datetime = NOW) -> datetime:
        leasing.lend(rows, ask(), LEASE, now)
        return rows.lent[LEASE].ends_at

    a_second, soon = timedelta(seconds=leases.LASTS_S), NOW + timedelta(milliseconds=300)
    assert ends_at(books()) == NOW + a_second
    assert ends_at(books(of_key=key(expires_at=soon))) == soon
    assert ends_at(books(lease=lease(CENT, expires_at=soon))) == soon
    midnight = datetime(2026, 11, 30, tzinfo=UTC)
    assert ends_at(books(), midnight - timedelta(milliseconds=300)) == midnight
