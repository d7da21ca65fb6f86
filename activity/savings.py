"""What was saved, of one request or of many: two figures that must not be mixed up, each with its definition.

    paid against list price     what the wallet paid, and what the same tokens cost at the models' list prices
    electricity                 what the energy behind the requests cost where they ran, and at the average data center

The first is the customer's money. The second is the grid's: electricity is a few percent of what a token costs, so it is not
what a customer saves. Free requests are in neither the first's paid nor its list price.
"""

from dataclasses import dataclass

from activity.models import Request
from activity.usage import Usage

PICO_PER_NANO = 1_000
PAID_DEFINITION = (
    "1 − paid ÷ list, over the requests the wallet paid. Paid is what was charged, routing fees included. List is the same tokens at the "
    "model's list price, with the same fee."
)
ELECTRICITY_DEFINITION = (
    "1 − here ÷ average, over the requests of CLōD-hosted models. Here is the energy of the request, modelled from its tokens, times the "
    "delivered price of electricity at its data center when it was admitted. Average is the same tokens at the plain mean of all data "
    "centers the model could be called at then. It is about electricity, which is a few percent of what a token costs."
)


@dataclass(frozen=True)
class Saving:
    """Two amounts to compare, in units of which so many make a nano-USD."""

    name: str
    definition: str
    spent: int
    reference: int
    per_nanousd: int
    spent_word: str
    reference_word: str

    @property
    def share(self) -> float:
        """0.12: 12 % less than the reference; negative: more."""
        return 1 - self.spent / self.reference

    @property
    def spent_nanousd(self) -> int:
        return round(self.spent / self.per_nanousd)

    @property
    def reference_nanousd(self) -> int:
        return round(self.reference / self.per_nanousd)

    @property
    def is_level(self) -> bool:
        return abs(self.share) < 0.0005


@dataclass(frozen=True)
class Savings:
    """``energy_uwh`` is modelled micro-Wh; ``free_nanousd`` what the free requests' tokens cost at list price."""

    figures: list[Saving]
    energy_uwh: int
    free_nanousd: int

    @property
    def energy_wh(self) -> float:
        return self.energy_uwh / 1_000_000

    def __bool__(self) -> bool:
        return bool(self.figures or self.free_nanousd)


def of_many(usage: Usage) -> Savings:
    return _savings(
        paid=usage.paid,
        listed=usage.listed,
        free=usage.free,
        energy=usage.energy_uwh,
        here=usage.electricity_picousd,
        average=usage.electricity_average_picousd,
    )


def of_one(row: Request) -> Savings:
    is_free = row.paid_by == "free"
    return _savings(
        paid=0 if is_free else row.cost_nanousd,
        listed=0 if is_free else row.list_cost_nanousd,
        free=row.list_cost_nanousd if is_free else 0,
        energy=row.energy_uwh or 0,
        here=row.electricity_picousd or 0,
        average=row.electricity_average_picousd or 0,
    )


def _savings(*, paid: int, listed: int, free: int, energy: int, here: int, average: int) -> Savings:
    """Nothing is compared with nothing."""
    figures = []
    if listed:
        figures.append(Saving("Paid, against list price", PAID_DEFINITION, paid, listed, 1, "paid", "at list price"))
    if average:
        name = "Electricity, against the average data center"
        figures.append(
            Saving(name, ELECTRICITY_DEFINITION, here, average, PICO_PER_NANO, "where requests ran", "at the average data center")
        )
    return Savings(figures, energy, free)
