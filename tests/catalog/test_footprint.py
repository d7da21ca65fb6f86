"""The electricity behind a request: examples computed by hand."""

import pytest

from catalog.energy import footprint, tariff
from catalog.snapshot import Electricity

USD = 10**6
JOULES = (0.15, 0.55)  # of a 70B model


def site(delivered_usd: float, pue: float = 1.25) -> Electricity:
    return Electricity(delivered=round(delivered_usd * USD), smoothed=0, pue=pue)


def test_the_energy_is_that_of_the_published_formula() -> None:
    """(0.15 × 1000 + 0.55 × 500) J × 1.6 × 1.25 ÷ 3600 = 0.2361 Wh; at $50 per MWh that is 11.8 millionths of a dollar."""
    here = site(50)
    found = footprint.of(1000, 500, JOULES, here, [here])
    assert found == footprint.Footprint(energy_uwh=236_111, electricity_picousd=11_805_556, average_picousd=11_805_556)
    assert found.energy_uwh == round(tariff.watt_hours(1000, 500, *JOULES) * 1e6)


def test_the_average_is_that_of_all_sites_each_with_its_own_pue() -> None:
    here = site(30, pue=1.2)
    found = footprint.of(1000, 500, JOULES, here, [here, site(60, pue=1.5), site(90, pue=1.5)])
    assert found.electricity_picousd == pytest.approx(425 * 1.6 * 1.2 / 3600 * 30 * 1e6, abs=1)
    assert found.average_picousd == pytest.approx(425 * 1.6 / 3600 * (1.2 * 30 + 1.5 * 60 + 1.5 * 90) / 3 * 1e6, abs=1)


def test_no_tokens_no_electricity() -> None:
    assert footprint.of(0, 0, JOULES, site(50), [site(50)]) == footprint.Footprint(0, 0, 0)
