"""The smaller addresses, through both doors: models, offers, the key, settled requests; each exactly as the schema describes it."""

from typing import Any

import pytest
from rest_framework import serializers as drf

from accounts.models import User
from activity import serializers as request_serializers
from activity import usage_asked
from billing.models import Wallet
from catalog.models import Endpoint
from clod_site.lib.described import ErrorSerializer
from clod_site.lib.money import usd
from gateway import serializers, snapshots
from projects import keys
from projects.models import ApiKey, Project
from tests.gateway import shop
from tests.gateway.conftest import Gateway


def read(gateway: Gateway, address: str, status: int = 200) -> Any:
    response = gateway.client.get(gateway.path.removesuffix("/chat/completions") + address)
    assert response.status_code == status, response.text
    assert response.headers["x-request-id"].startswith("req_")
    return response.json()


def assert_described(value: Any, described: Any, path: str = "$") -> None:
    """The schema names exactly the fields there are, all the way down."""
    if value is None:
        assert described.allow_null, path
    elif isinstance(described, drf.ListSerializer):
        for one in value:
            assert_described(one, described.child, path + "[]")
    elif isinstance(described, drf.Serializer):
        assert set(value) <= set(described.fields), path
        assert {name for name, field in described.fields.items() if field.required} <= set(value), path
        for name, one in value.items():
            assert_described(one, described.fields[name], f"{path}.{name}")


def test_models_are_listed_with_what_they_can_do(gateway: Gateway) -> None:
    gateway.offer("plain", "paris", features=["tools"])
    listed = read(gateway, "/models")
    assert_described(listed, serializers.ModelListSerializer())
    assert {model["id"]: model["features"] for model in listed["data"]}["plain"] == ["tools"]


@pytest.mark.parametrize("name", ["paris", "Paris", "test%2Fparis", "test/paris", "PARIS"])
def test_a_model_is_found_by_any_of_its_names(gateway: Gateway, name: str) -> None:
    model = read(gateway, f"/models/{name}")
    assert_described(model, serializers.ModelSerializer())
    assert model["id"] == "paris"


def test_an_unknown_model_is_a_404_with_the_nearest(gateway: Gateway) -> None:
    assert "Paris" in read(gateway, "/models/pariss", 404)["error"]["message"]


def test_offers_are_rows_of_models_at_providers(gateway: Gateway) -> None:
    shop.endpoint(Endpoint.objects.get().model, gateway.upstream.base_url, "paris", at="buf", price_ppm=500_000)
    model = shop.model("gpt", category="third_party", name="GPT")
    seller = shop.provider("openai", name="OpenAI", website_url="https://openai.com", base_url="https://api.openai.com/v1")
    shop.endpoint(model, gateway.upstream.base_url, "gpt-1", provider=seller)
    shop.endpoint(model, "", "gpt-1", at="asleep")
    snapshots.forget()
    rows = read(gateway, "/providers/models")
    assert_described(rows, serializers.OfferSerializer(many=True))
    told = [(row["systemName"], row["provider"]["name"], row["nameInProvider"], row["active"]) for row in rows]
    assert told == [("GPT", "Asleep", "gpt-1", False), ("GPT", "OpenAI", "gpt-1", True), ("Paris", "Clod", "paris", True)]
    assert (rows[2]["tokenInPricePerMillionTokens"], rows[2]["tokenOutPricePerMilionTokens"]) == (0.5, 2.0)
    assert rows[1]["provider"]["baseUrl"] == "https://api.openai.com/v1"
    assert gateway.upstream.base_url not in str(rows)


def test_offers_are_those_the_key_may_call(gateway: Gateway, project: Project) -> None:
    project.allowed_models.add(shop.model("only-this"))
    snapshots.forget()
    assert read(gateway, "/providers/models") == []


def test_a_key_tells_its_limits_and_what_it_has_used(gateway: Gateway, project: Project, wallet: Wallet) -> None:
    ApiKey.objects.update(daily_cap_nanousd=usd("2"))
    Project.objects.update(monthly_cap_nanousd=usd("20"))
    gateway.complete()
    card = read(gateway, "/key")
    assert_described(card, serializers.KeySerializer())
    assert gateway.key.startswith(card["key"]["prefix"].removesuffix("…"))
    day = card["key"]["day"]
    assert (day["cap_usd"], day["spent_usd"], day["held_usd"], day["left_usd"]) == ("2", "0.000048", "0", "1.999952")
    assert day["resets_at"].endswith("Z")
    assert card["project"]["month"]["left_usd"] == "19.999952"
    assert card["project"]["day"]["cap_usd"] is None
    assert card["wallet"]["available_usd"] == "9.999952"
    assert card["rate_limits"]["requests"]["remaining"] < card["rate_limits"]["requests"]["limit_per_minute"]
    assert gateway.key not in str(card)


def test_nobody_else_s_numbers_are_in_it(gateway: Gateway, charlie: User) -> None:
    _, other = keys.generate(Project.objects.get(organization__memberships__user=charlie), name="theirs", actor=charlie)
    gateway.complete()
    gateway.client.headers["authorization"] = f"Bearer {other}"
    card = read(gateway, "/key")
    assert (card["key"]["day"]["spent_usd"], card["wallet"]["available_usd"]) == ("0", "0")


def test_a_settled_request_tells_its_attempts_and_why(gateway: Gateway) -> None:
    model = shop.model("pair")
    shop.endpoint(model, gateway.upstream.base_url, "error-500", at="dfw", price_ppm=800_000)
    shop.endpoint(model, gateway.upstream.base_url, "paris", at="buf")
    public_id = gateway.complete("pair@price").headers["x-request-id"]
    told = read(gateway, f"/requests/{public_id}")
    assert_described(told, request_serializers.RequestDetailSerializer())
    assert [(attempt["data_center"], attempt["outcome"]) for attempt in told["attempt_list"]] == [("dfw", "status 500"), ("buf", "ok")]
    assert told["routing"]["strategy"] == "price"
    assert_described(read(gateway, "/requests?limit=1"), request_serializers.RequestListSerializer())


def test_another_tenant_s_request_does_not_exist(gateway: Gateway, charlie: User) -> None:
    public_id = gateway.complete().headers["x-request-id"]
    _, other = keys.generate(Project.objects.get(organization__memberships__user=charlie), name="theirs", actor=charlie)
    gateway.client.headers["authorization"] = f"Bearer {other}"
    assert read(gateway, f"/requests/{public_id}", 404)["error"]["code"] == "request_not_found"


def test_a_key_of_another_project_does_not_see_it_either(gateway: Gateway, project: Project, alice: User) -> None:
    public_id = gateway.complete().headers["x-request-id"]
    beside = Project.objects.create(organization=project.organization, name="Beside")
    _, other = keys.generate(beside, name="beside", actor=alice)
    gateway.client.headers["authorization"] = f"Bearer {other}"
    assert read(gateway, f"/requests/{public_id}", 404)["error"]["code"] == "request_not_found"
    assert read(gateway, "/requests")["data"] == []


def test_a_completion_is_exactly_as_described(gateway: Gateway) -> None:
    assert_described(gateway.complete().json(), serializers.ChatCompletionSerializer())
    assert_described(gateway.complete("nothing").json(), ErrorSerializer())


@pytest.mark.parametrize("address", ["/models", "/models/paris", "/providers/models", "/key", "/requests", "/usage"])
def test_without_a_key_there_is_nothing_to_see(gateway: Gateway, address: str) -> None:
    gateway.client.headers["authorization"] = "Bearer clod_sk_none"
    assert read(gateway, address, 401)["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize("limit", ["0", "201", "abc"])
def test_a_limit_that_is_none_is_refused(gateway: Gateway, limit: str) -> None:
    told = read(gateway, f"/requests?limit={limit}", status=400)["error"]
    assert (told["code"], told["param"]) == ("invalid_request", "limit")
    assert "from 1 to 200" in told["message"]


def test_usage_is_that_of_the_key_s_project(gateway: Gateway, alice: User) -> None:
    gateway.complete()
    other = Project.objects.create(organization=Project.objects.get().organization, name="Other")
    _, elsewhere = keys.generate(other, name="elsewhere", actor=alice)
    told = read(gateway, "/usage?group=model")
    assert [(row["model"], row["requests"]) for row in told["data"]] == [("paris", 1)]
    assert told["total"]["requests"] == 1
    for group in usage_asked.GROUPS:
        assert_described(read(gateway, f"/usage?group={group}&by=hour"), request_serializers.UsageReportSerializer())
    gateway.client.headers["authorization"] = f"Bearer {elsewhere}"
    assert read(gateway, "/usage")["data"] == []


def test_usage_comes_as_csv_too_and_a_wrong_question_is_refused_by_name(gateway: Gateway) -> None:
    gateway.complete()
    answer = gateway.client.get(gateway.path.removesuffix("/chat/completions") + "/usage?format=csv&group=key")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    head, row = answer.text.splitlines()
    assert head.startswith("start,api_key,api_key_name,requests,errors")
    assert ",test,1,0," in row
    assert read(gateway, "/usage?by=week", 400)["error"]["param"] == "by"
