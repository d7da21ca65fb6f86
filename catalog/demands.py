"""What a call demands of whoever answers it, who is left, and what is said when nobody is."""

from collections import Counter
from collections.abc import Iterable, Sequence

from catalog import preferences
from catalog.decisions import Dropped, Option, Reason
from catalog.preferences import Preferences
from catalog.snapshot import ModelCard, Route
from clod_site.lib.refusal import Refusal

MOST_TOLD = 4  # reasons in one sentence


class NobodyLeft(Refusal):
    """The caller's own demands left no model or endpoint. ``constraint`` in the error names what emptied the list."""

    code = "no_candidate_left"


class ContextLengthExceeded(Refusal):
    code = "context_length_exceeded"


class Demands:
    """Of a call that takes any model, and of endpoints what the caller prefers. The gateway's know the request."""

    def __init__(self, preferred: Preferences = preferences.NONE) -> None:
        self.preferences = preferred

    def of_model(self, card: ModelCard) -> Reason | None:
        return None

    def of_endpoint(self, card: ModelCard, route: Route) -> Reason | None:
        return self.preferences.objection(route)


NONE = Demands()


def sift(options: Iterable[Option], demands: Demands) -> tuple[list[Option], list[Dropped]]:
    """The options that can take the call, and the others with the reason of each; a model that cannot is told once."""
    kept: list[Option] = []
    dropped: list[Dropped] = []
    verdicts: dict[str, Reason | None] = {}
    for option in options:
        card, route = option.card, option.route
        if card.slug not in verdicts:
            verdicts[card.slug] = reason = demands.of_model(card)
            if reason:
                dropped.append(Dropped(card, None, reason))
        if verdicts[card.slug] is None:
            if reason := demands.of_endpoint(card, route):
                dropped.append(Dropped(card, route, reason))
            else:
                kept.append(option)
    return kept, dropped


def nobody_left(dropped: Sequence[Dropped]) -> Refusal:
    """One model that cannot: its own reason, as an invalid request. Otherwise every reason with how many it dropped."""
    first = dropped[0]
    if first.route is None and len(dropped) == 1:
        return _unfit(first.card, first.reason)
    counted = Counter(_subject(one) for one in dropped)
    told = [f"{subject}{f' ({count} times)' if count > 1 else ''}" for subject, count in counted.most_common(MOST_TOLD)]
    more = f"; and {len(counted) - len(told)} more reasons" if len(counted) > len(told) else ""
    constraint, _ = Counter(one.reason.constraint for one in dropped).most_common(1)[0]
    blamed = next(one.reason for one in dropped if one.reason.constraint == constraint)
    return NobodyLeft(
        f"Nobody is left to answer: {'; '.join(told)}{more}. Relax what you ask for, or name another model.",
        param=blamed.param or constraint,
        extra={"constraint": constraint},
    )


def _unfit(card: ModelCard, reason: Reason) -> Refusal:
    kind = ContextLengthExceeded if reason.code == ContextLengthExceeded.code else Refusal
    return kind(f"{card.name} {reason.message}.", param=reason.param, extra={"constraint": reason.constraint})


def _subject(one: Dropped) -> str:
    where = (one.route.data_center or one.route.provider) if one.route else one.card.name
    return f"{where} {one.reason.message}"
