"""A whole completion: its shape, what goes upstream, what it costs."""

from billing import cost
from catalog.models import PriceTick
from projects.models import Project
from tests.gateway import shop
from tests.gateway.conftest import Gateway


def test_it_answers_in_the_shape_of_openai(gateway: Gateway) -> None:
    response = gateway.complete()
    body = response.json()
    assert response.status_code == 200
    assert set(body) == {"id", "object", "created", "model", "choices", "usage"}
    assert body["object"] == "chat.completion"
    assert body["model"] == "Paris"
    assert body["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "The capital of France is Paris."},
            "finish_reason": "stop",
            "logprobs": None,
        }
    ]
    assert body["usage"]["total_tokens"] == 27


def test_it_says_who_answered_and_what_it_cost(gateway: Gateway) -> None:
    response = gateway.complete()
    row = gateway.row(response)
    assert response.headers["x-clod-paid-by"] == "wallet"
    assert response.headers["x-clod-data-center"] == "dfw"
    assert response.headers["x-clod-price-tick"] == str(row.price_tick_id)
    assert response.headers["x-clod-cost-usd"] == "0.000048"  # 20 × $1 + 7 × $4 per million
    assert response.json()["usage"]["cost"] == 0.000048


def test_it_charges_the_tick_on_the_row_to_the_nano_dollar(gateway: Gateway, project: Project) -> None:
    row = gateway.row(gateway.complete())
    tick = PriceTick.objects.get(pk=row.price_tick_id)
    again = cost.charge(
        row.prompt_tokens, row.completion_tokens, tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok, tick.fee_basis_points
    )
    project.organization.wallet.refresh_from_db()
    assert row.cost_nanousd == again.total == 48_000
    assert project.organization.wallet.balance_nanousd == 10_000_000_000 - 48_000
    assert project.organization.wallet.held_nanousd == 0


def test_unknown_fields_go_upstream_and_dangerous_ones_do_not(gateway: Gateway) -> None:
    gateway.complete(mirostat=2, api_base="http://evil.example", api_key="sk-other", extra_headers={"x": "y"}, temperature=0.5)
    body = gateway.upstream.journal[0].body
    assert body["mirostat"] == 2
    assert body["temperature"] == 0.5
    assert not {"api_base", "api_key", "extra_headers"} & set(body)


def test_the_limit_the_hold_was_made_for_is_forwarded(gateway: Gateway) -> None:
    gateway.complete()
    gateway.complete(max_completion_tokens=5)
    gateway.complete(max_tokens=6)
    assert [seen.body["max_tokens"] for seen in gateway.upstream.journal] == [1000, 5, 6]


def test_a_third_party_call_pays_the_routing_fee_once(gateway: Gateway) -> None:
    model = shop.model("gpt", category="third_party")
    shop.endpoint(model, gateway.upstream.base_url, "paris", at="openai", fee=500)
    response = gateway.complete("gpt")
    assert response.json()["usage"]["cost_details"]["routing_fee"] == 0.0000024
    assert gateway.row(response).cost_nanousd == 50_400
    assert gateway.row(response).fee_nanousd == 2_400


def test_the_upstream_credential_is_sent_and_the_clients_is_not(gateway: Gateway, monkeypatch: object) -> None:
    seller = shop.provider("openai", needs_credential=True)
    seller.set_credential("sk-upstream")
    seller.save()
    model = shop.model("gpt", category="third_party")
    shop.endpoint(model, gateway.upstream.base_url, "paris", provider=seller)
    assert gateway.complete("gpt").status_code == 200
    assert gateway.upstream.journal[0].headers["Authorization"] == "Bearer sk-upstream"
    assert gateway.key not in str(gateway.upstream.journal[0].headers)


def test_missing_usage_is_counted_by_us_and_said_to_be_estimated(gateway: Gateway) -> None:
    gateway.offer("lazy", "no-usage")
    row = gateway.row(gateway.complete("lazy"))
    assert row.is_estimated
    assert row.prompt_tokens > 0
    assert row.completion_tokens > 0
    assert row.cost_nanousd > 0


def test_only_what_is_said_to_the_model_is_estimated(gateway: Gateway) -> None:
    gateway.offer("lazy", "no-usage")
    plain = gateway.row(gateway.complete("lazy")).prompt_tokens
    beside = {"metadata": {"note": "x" * 500}, "unknown_field": "y" * 2000, "provider": {"ignore": ["z" * 60]}, "user": "u" * 60}
    assert gateway.row(gateway.complete("lazy", **beside)).prompt_tokens == plain < 20
    tools = [{"type": "function", "function": {"name": "weather", "description": "w" * 400}}]
    assert gateway.row(gateway.complete("lazy", tools=tools)).prompt_tokens >= plain + 100


def test_a_picture_is_not_estimated_by_its_bytes(gateway: Gateway) -> None:
    gateway.offer("eyes", "no-usage", input_modalities=["text", "image"], context_window=100_000)
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 200_000}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, picture]}]
    assert 1_000 <= gateway.row(gateway.complete("eyes", messages=messages)).prompt_tokens < 1_100


def test_a_reported_zero_is_zero(gateway: Gateway) -> None:
    gateway.offer("zero", "zero-usage")
    row = gateway.row(gateway.complete("zero"))
    assert (row.cost_nanousd, row.is_estimated, row.status) == (0, False, "ok")


def test_absurd_usage_is_clamped_and_flagged(gateway: Gateway) -> None:
    gateway.offer("absurd", "absurd-usage")
    gateway.offer("huge", "huge-usage")
    for name in ("absurd", "huge"):
        row = gateway.row(gateway.complete(name, max_tokens=10))
        assert row.is_usage_suspect
        assert row.completion_tokens <= 10
        assert row.cost_nanousd < 1_000_000_000
