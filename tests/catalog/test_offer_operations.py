"""Models are called for what they offer, at the address where it is."""

import msgspec
import pytest
from django.core.exceptions import ValidationError

from catalog.models import Model
from catalog.routing import ModelNotAllowed, WrongOperation
from catalog.snapshot import Catalog, ModelCard
from tests.catalog.test_route_requests import ask, card, catalog, ids, route


def offering(slug: str, endpoint: int, *operations: str, price: int = 100) -> ModelCard:
    return msgspec.structs.replace(card(slug, route(endpoint, model=slug, price=price)), operations=frozenset(operations))


def shop() -> Catalog:
    return catalog(
        offering("llama", 1, "chat", "completions"),
        offering("ada", 2, "embeddings", price=1),
        offering("davinci", 3, "completions", price=5),
        offering("gpt", 4, "chat", price=50),
    )


@pytest.mark.parametrize(("operation", "first"), [("chat", 4), ("completions", 3), ("embeddings", 2)])
def test_a_strategy_alone_chooses_among_the_models_of_the_operation(operation: str, first: int) -> None:
    assert ids(ask(shop(), "@price", operation=operation))[0] == first


@pytest.mark.parametrize(
    ("name", "operation", "told"),
    [
        ("ada", "chat", "Ada is an embedding model; call it at /v1/embeddings."),
        ("gpt", "embeddings", "Gpt is a chat model; call it at /v1/chat/completions."),
        ("davinci", "chat", "Davinci is a completion model; call it at /v1/completions."),
        ("llama", "embeddings", "Llama is a chat model; call it at /v1/chat/completions or /v1/completions."),
    ],
)
def test_a_model_that_is_called_elsewhere_says_where(name: str, operation: str, told: str) -> None:
    with pytest.raises(WrongOperation) as refused:
        ask(shop(), name, operation=operation)
    assert (refused.value.status, refused.value.message, refused.value.param) == (400, told, "model")


def test_a_key_without_a_model_for_it_is_told_so() -> None:
    with pytest.raises(ModelNotAllowed, match="no model for embeddings"):
        ask(shop(), "@price", operation="embeddings", allowed=frozenset({"gpt"}))


@pytest.mark.parametrize(("operations", "limit"), [(["embeddings"], 100), (["chat", "embeddings"], 0), (["completions"], 0)])
def test_only_what_writes_has_an_output_limit(operations: list[str], limit: int) -> None:
    with pytest.raises(ValidationError, match="only embeds"):
        Model(operations=operations, max_output_tokens=limit, context_window=1000).clean()
