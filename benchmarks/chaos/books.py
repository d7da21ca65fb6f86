"""The customer before and the ledger after, in a process with the settings of its trial: ``python -m benchmarks.chaos.books``.

prepare URL      migrated tables get a customer with a wallet, and models at the upstream; prints the API key as JSON
verdict FOLDER   settles what is left with a clock two hours later, proves the ledger, compares it with the notes
                 of clients (``notes``), of the upstream (``journal``) and of what was killed when (``kills``) in FOLDER;
                 prints the Verdict as JSON
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

FIRST_CALL = 2_000  # calls are numbered from here; no answer of the fake upstream is longer
CONTEXT_WINDOW = 400
LEAST_PROMPT = 100  # tokens: less than any estimate of the clients' question
CHECKPOINT_BOUND_S = 5.0  # of a killed stream, at most so much goes uncharged
MOST_CALLS = 1_000_000
UNWRITTEN_BOUND_S = 0.5  # a call on a lease has a row by then, also on a busy machine
AWAY_BOUND_S = 5.0  # or by then, where the database had to be started again
ENDPOINTS = {
    "steady": ("paris",),
    "slow": ("slow",),
    "long": ("forever",),
    "unhurried": ("unhurried",),
    "broken": ("error-500", "paris"),
    "breaks-off": ("cut-mid-stream",),
    "gift": ("paris",),
}


@dataclass
class Verdict:
    """``undercharged``, ``breaks`` and ``lost`` are sentences. Beyond ``killed_late`` everything should be nothing, but for calls whose
    process was killed in the first moment of them: they were ``on_a_lease``, and had no row yet."""

    made: int
    answered: int
    cut: int
    left: int
    swept: int
    killed_late: int
    undercharged: list[str]
    unanswered: int
    breaks: list[str]
    lost: list[str]
    above_hold: int
    on_a_lease: int
    without_hold: int

    def facts(self, deaths: int) -> list[str]:
        """Everything that must not be, a sentence each. ``deaths`` are of processes nobody killed."""
        counted = {
            "P2   calls charged above their hold": self.above_hold,
            "P4   upstream calls without a hold": self.without_hold,
            "calls that were never answered": self.unanswered,
            "processes that ended by themselves": deaths,
        }
        return [*self.breaks, *self.lost, *self.undercharged, *(f"{number} {what}" for what, number in counted.items() if number)]


def prepare(upstream: str) -> None:
    from accounts.models import Organization
    from billing import ledger
    from billing.models import Wallet
    from clod_site.lib.money import usd
    from projects import keys
    from tests import people
    from tests.gateway import shop

    alice = people.owner("alice")
    wallet = Wallet.objects.get(organization=Organization.objects.get())
    ledger.credit(wallet.pk, usd("10000000"), key="chaos", reason="more than all calls may hold")
    for slug, behaviours in ENDPOINTS.items():
        model = shop.model(slug, context_window=CONTEXT_WINDOW, max_output_tokens=FIRST_CALL + MOST_CALLS, is_free=slug == "gift")
        for site, behaviour in zip(("dfw", "iad"), behaviours, strict=False):
            shop.endpoint(model, upstream, behaviour, at=site)
    project = people.organization_of(alice).projects.get(is_default=True)
    print(json.dumps(keys.generate(project, name="chaos", actor=alice)[1]))


def verdict(folder: Path) -> None:
    from billing import check, ledger
    from billing.models import Hold, HoldState
    from clod_site.lib import clock

    before = {str(finding) for finding in check.findings()}
    ledger.sweep(clock.now() + timedelta(hours=2))
    breaks = before | {str(finding) for finding in check.findings()}
    breaks |= {f"P4  hold {hold.pk}  is open for ever" for hold in Hold.objects.filter(state=HoldState.OPEN)}
    holds = {hold.pk: hold for hold in Hold.objects.select_related("price_tick")}
    notes = [json.loads(line) for line in (folder / "notes").read_text().splitlines()]
    ends = Counter(note["end"] for note in notes)
    killed_late = _killed_late(notes, holds)
    rowless = _without_row((folder / "journal").read_text().splitlines(), notes, holds.values())
    on_a_lease = _killed_at_once(rowless, (folder / "kills").read_text().splitlines())
    found = Verdict(
        made=len(notes),
        answered=ends["answered"],
        cut=ends["cut"],
        left=ends["left"],
        swept=sum(hold.state == HoldState.EXPIRED for hold in holds.values()),
        unanswered=ends["unanswered"],
        killed_late=len(killed_late),
        undercharged=list(_undercharged(killed_late, holds)),
        breaks=sorted(breaks),
        lost=list(_lost([note for note in notes if note["end"] == "answered"], holds)),
        above_hold=sum(hold.captured_nanousd > hold.amount_nanousd for hold in holds.values()),
        on_a_lease=on_a_lease,
        without_hold=len(rowless) - on_a_lease,
    )
    print(json.dumps(asdict(found)))
    ledger.stop(10)


def _lost(answered: Iterable[dict[str, Any]], holds: dict[UUID, Any]) -> Iterable[str]:
    """Calls a client saw the end of that are not charged once, at what it was told, beside a row that says the same."""
    from activity.models import Request
    from billing.models import EntryKind, LedgerEntry
    from clod_site.lib import ids

    rows = {row.pk: row for row in Request.objects.all()}
    entries: dict[str, list[int]] = {}
    for reference, amount in LedgerEntry.objects.filter(kind=EntryKind.USAGE).values_list("reference", "amount_nanousd"):
        entries.setdefault(reference, []).append(-amount)
    for note in answered:
        key = ids.parse_public("req", note["request"])
        row, hold = (rows.get(key), holds.get(key)) if key else (None, None)
        told = note["cost_nanousd"] if note["cost_nanousd"] is not None or row is None else row.cost_nanousd
        found = hold and hold.state, row and (str(row.status), row.cost_nanousd), entries.get(note["request"])
        if found != ("captured", ("ok", told), [told]):
            yield f"call {note['number']} ({note['model']}), answered at {told}: {found}"


def _killed_late(notes: Iterable[dict[str, Any]], holds: dict[UUID, Any]) -> list[dict[str, Any]]:
    """Streams that had lasted longer than the bound of a checkpoint when their process was killed."""
    from billing.models import HoldState
    from clod_site.lib import ids

    swept = {ids.public("req", hold.pk) for hold in holds.values() if hold.state == HoldState.EXPIRED}
    return [note for note in notes if note["sure_pieces"] and note["request"] in swept]


def _undercharged(killed_late: Iterable[dict[str, Any]], holds: dict[UUID, Any]) -> Iterable[str]:
    """Killed streams that were charged less than what their client had in hand a checkpoint's bound before the end."""
    from billing import cost
    from clod_site.lib import ids

    for note in killed_late:
        hold = holds[ids.parse_public("req", note["request"])]
        tick = hold.price_tick
        least = cost.charge(LEAST_PROMPT, note["sure_pieces"], tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok, 0).total
        if hold.captured_nanousd < least:
            yield f"call {note['number']} ({note['model']}) was charged {hold.captured_nanousd}, though {least} was delivered for sure"


def _without_row(journal: Iterable[str], notes: Iterable[dict[str, Any]], holds: Iterable[Any]) -> list[float]:
    """When calls reached the upstream that have no hold of their own. Free holds bear no amount and no number: they are counted."""
    paid, free = set(), 0
    for hold in holds:
        if hold.funding == "free":
            free += 1
        elif not hold.is_lease:
            tick = hold.price_tick
            prompt = CONTEXT_WINDOW * tick.input_nanousd_per_mtok
            paid.add((hold.amount_nanousd * 1_000_000 - prompt) // tick.output_nanousd_per_mtok)
    came = {int(number): float(at) for number, at in map(str.split, journal)}
    missing = came.keys() - paid
    gifts = missing & {note["number"] for note in notes if note["model"] == "gift"}
    return [came[number] for number in (*(missing - gifts), *list(gifts)[free:])]


def _killed_at_once(calls: Iterable[float], kills: Iterable[str]) -> int:
    """How many of these calls were made a moment before a web process was killed, or while the database was gone, too."""
    deaths = [(kind, float(at)) for kind, at in (line.rsplit(maxsplit=1) for line in kills)]
    webs, databases = ([at for kind, at in deaths if kind == wanted] for wanted in ("web", "database"))

    def is_one(call: float) -> bool:
        bound_s = AWAY_BOUND_S if any(call - AWAY_BOUND_S < at < call + AWAY_BOUND_S for at in databases) else UNWRITTEN_BOUND_S
        return any(0 <= at - call < bound_s for at in webs)

    return sum(map(is_one, calls))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")
    import django

    django.setup()
    prepare(sys.argv[2]) if sys.argv[1] == "prepare" else verdict(Path(sys.argv[2]))
