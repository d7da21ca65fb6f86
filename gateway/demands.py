"""What a request demands of whoever answers it, and why a model or an endpoint cannot."""

from catalog import preferences
from catalog.decisions import Reason
from catalog.demands import Demands
from catalog.features import FEATURES
from catalog.snapshot import ModelCard, Route
from clod_site.lib import money
from gateway import bill
from gateway.upstream import dispatch
from gateway.wire.request import Ask


class DemandsOf(Demands):
    """Those of a request of the wire."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask.preferences)
        self._ask = ask

    def of_model(self, card: ModelCard) -> Reason | None:
        """The first thing this model cannot do, whatever the endpoint."""
        return self._unread(card) or self._unwritten(card) or self._unable(card) or self._too_long(card)

    def of_endpoint(self, card: ModelCard, route: Route) -> Reason | None:
        unwanted = None if self.preferences is preferences.NONE else super().of_endpoint(card, route) or self._too_dear(card, route)
        return unwanted or self._foreign(card, route)

    def _unread(self, card: ModelCard) -> Reason | None:
        for modality, param in self._ask.contents.modalities.items():
            if modality not in card.input_modalities:
                return Reason("input_modalities", f"takes {' and '.join(card.input_modalities)} only, not {modality}", param)
        if self._ask.contents.remote and card.category == "hosted":
            return Reason(
                "data_url", "is hosted by CLōD and fetches nothing: send it as a data: URL, not as a link", self._ask.contents.remote
            )
        return None

    def _unwritten(self, card: ModelCard) -> Reason | None:
        if self._ask.writes_audio and "audio" not in card.output_modalities:
            return Reason("output_modalities", f"writes {' and '.join(card.output_modalities)} only, not audio", "modalities")
        return None

    def _unable(self, card: ModelCard) -> Reason | None:
        for feature, param in self._ask.features.items():
            if feature not in card.features:
                return Reason(feature, FEATURES[feature], param)
        return None

    def _too_long(self, card: ModelCard) -> Reason | None:
        limit = self._ask.output_limit
        if limit is not None and limit > card.max_output_tokens:
            return Reason(
                "max_output_tokens", f"writes at most {card.max_output_tokens} tokens; you asked for {limit}", self._ask.limit_field
            )
        least = self._ask.least_tokens(card.context_window)
        if least < card.context_window:
            return None
        long = "messages have" if self._ask.prompt_field == "messages" else f"{self._ask.prompt_field} has"
        message = f"has a context window of {card.context_window} tokens, and the {long} at least {least}"
        return Reason("context_window", message, self._ask.prompt_field, "context_length_exceeded")

    def _too_dear(self, card: ModelCard, route: Route) -> Reason | None:
        most = self.preferences.max_price
        if most is None or most.request is None:
            return None
        bound = money.as_number(bill.bound(self._ask.prompt_bound(card), self._ask.output_bound(card) * self._ask.choices, route.tick))
        if bound <= most.request:
            return None
        cheaper = f"a lower {self._ask.limit_field}" if self._ask.limit_field else f"a shorter {self._ask.prompt_field}"
        message = (
            f"may cost up to ${money.in_digits(bound)} for this call, more than ${money.in_digits(most.request)}; {cheaper} costs less"
        )
        return Reason("provider.max_price.request", message)

    def _foreign(self, card: ModelCard, route: Route) -> Reason | None:
        """A provider that speaks otherwise has no word for everything its model could do."""
        unsupported = dispatch.objection(self._ask, card, route)
        if unsupported is None:
            return None
        return Reason("adapter", f"cannot take this: {unsupported.message.rstrip('.')}", unsupported.param)
