"""A call without an output limit asks for no more than its prompt leaves of a hosted model's window, and pays for no more."""

from typing import Any

import pytest

from billing.models import Hold
from catalog.models import Category
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway

pytestmark = FAST_LANE
WINDOW, LONGEST = 4096, 4000
PIXEL = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture
def narrow(gateway: Gateway) -> Gateway:
    gateway.offer("narrow", "paris", context_window=WINDOW, max_output_tokens=LONGEST, input_modalities=["text", "image"])
    return gateway


def _asked_for(gateway: Gateway, content: Any, model: str = "narrow", **fields: Any) -> int:
    """The limit the upstream was told, which the hold must cover."""
    response = gateway.complete(model, messages=[{"role": "user", "content": content}], **fields)
    assert response.status_code == 200
    limit = int(gateway.upstream.journal[-1].body["max_tokens"])
    hold = Hold.objects.get(id=gateway.row(response).id)
    assert hold.amount_nanousd >= (limit * shop.OUTPUT + 20 * shop.INPUT) // 1_000_000
    return limit


def test_a_short_prompt_leaves_the_window_but_for_its_bytes(narrow: Gateway) -> None:
    assert WINDOW - 500 < _asked_for(narrow, "hi") < WINDOW - 256


def test_a_long_prompt_leaves_what_is_likely(narrow: Gateway) -> None:
    assert WINDOW - 1200 < _asked_for(narrow, "word " * 780) < WINDOW - 780


def test_a_prompt_that_looks_longer_than_the_window_may_still_be_answered(narrow: Gateway) -> None:
    assert _asked_for(narrow, " " * WINDOW * 4) == 256


def test_an_image_leaves_half(narrow: Gateway) -> None:
    assert _asked_for(narrow, [{"type": "image_url", "image_url": {"url": PIXEL}}]) == WINDOW // 2


def test_a_limit_of_the_caller_is_the_caller_s(narrow: Gateway) -> None:
    assert _asked_for(narrow, "word " * 780, max_tokens=LONGEST) == LONGEST


def test_third_parties_make_room_themselves(narrow: Gateway) -> None:
    narrow.offer("elsewhere", "paris", category=Category.THIRD_PARTY, context_window=WINDOW, max_output_tokens=LONGEST)
    assert _asked_for(narrow, "word " * 780, "elsewhere") == LONGEST
