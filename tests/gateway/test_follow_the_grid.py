"""For a simulated day, at both doors: requests follow the cheapest electricity within one interval, with few moves."""

from datetime import UTC, datetime

from catalog.energy.delivered import SLOT
from catalog.energy.feeds.demo import DemoFeed
from catalog.models import DataCenter
from tests.gateway import shop, simulated_day
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.gateway.simulated_day import QuarterHours

USD = 10**6
SITES = {
    "dfw": ("ERCOT", "HB_NORTH"),
    "sjc": ("CAISO", "TH_NP15_GEN-APND"),
    "okc": ("SPP", "SPPSOUTH_HUB"),
    "buf": ("NYISO", "WEST"),
    "nva": ("PJM", "DOM"),
    "dsm": ("MISO", "MINN.HUB"),
}


@FAST_LANE
def test_requests_follow_the_cheapest_site_for_a_day(gateway: Gateway) -> None:
    for slug, (market, node) in SITES.items():
        shop.data_center(slug)
        DataCenter.objects.filter(slug=slug).update(market=market, node=node, adder_microusd_per_mwh=20 * USD)
    model = shop.model("llama", energy_weight=0.35, input_joule_per_token=0.15, output_joule_per_token=0.55)
    for slug in SITES:
        shop.endpoint(model, gateway.upstream.base_url, "paris", at=slug)
    start = datetime(2026, 11, 17, tzinfo=UTC)

    def call() -> str:
        response = gateway.complete("llama", max_completion_tokens=7)
        assert response.status_code == 200, response.text
        return str(response.headers["x-clod-data-center"])

    moments = simulated_day.live(start, QuarterHours(DemoFeed()), call, every=3 * SLOT)
    found = simulated_day.outcome(moments)
    assert found.calls == 192
    assert found.late == 0
    assert all(len(set(moment.went)) == 1 for moment in moments), "between two prices nobody moves"
    assert 1 <= found.switches <= 8
    assert found.at_the_cheapest > 0.4
    assert found.saving > 0.2
