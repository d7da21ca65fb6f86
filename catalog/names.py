"""What a caller writes in ``model``: a name and strategy tags (``GPT 4o@price@latency``), and which model the name means."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import msgspec

from clod_site.lib.refusal import Refusal

if TYPE_CHECKING:
    from catalog.snapshot import Catalog, ModelCard

PRICE, LATENCY, TOKEN_RATE = TAGS = ("price", "latency", "token_rate")
MAX_NAME = 200


class InvalidModelName(Refusal):
    """400: an empty name, or a tag we do not know."""


class ModelNotFound(Refusal):
    status, code = 404, "model_not_found"


class Wanted(msgspec.Struct, frozen=True):
    """A name (empty: any model) and the strategy tags, each once, in the order they were written; ``param`` is where they stood."""

    name: str
    tags: tuple[str, ...] = ()
    param: str = "model"


class Named(Protocol):
    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def vendor_id(self) -> str: ...


@lru_cache(maxsize=4096)
def parse(text: str, param: str = "model") -> Wanted:
    """Split ``name@tag@tag``. Raises InvalidModelName."""
    if len(text) > MAX_NAME:
        raise InvalidModelName(f"{param} is longer than {MAX_NAME} characters. See GET /v1/models for the names.", param=param)
    name, *tags = (part.strip() for part in text.split("@"))
    wanted = Wanted(name, tuple(dict.fromkeys(tag.lower() for tag in tags)), param)
    for tag in wanted.tags:
        if tag not in TAGS:
            raise InvalidModelName(f"Unknown strategy '@{tag}'. Valid ones are {_spoken('@' + tag for tag in TAGS)}.", param=param)
    if not name and not tags:
        raise InvalidModelName(f"{param} is empty. Name a model from GET /v1/models, or a strategy such as '@price'.", param=param)
    return wanted


def key(name: str) -> str:
    """The one form all spellings of a name share: no case, single spaces."""
    return " ".join(name.split()).casefold()


def index(cards: Iterable[Named]) -> dict[str, str]:
    """Every spelling that resolves, to its slug. Where two models claim one, a slug beats a vendor id beats a display name."""
    cards = list(cards)
    spellings: dict[str, str] = {}
    for field in ("slug", "vendor_id", "name"):
        for card in cards:
            spellings.setdefault(key(getattr(card, field)), card.slug)
    return spellings


def resolve(catalog: "Catalog", name: str, param: str = "model") -> "ModelCard":
    """The model a name means. Raises ModelNotFound with the nearest names."""
    slug = catalog.names.get(key(name))
    if slug is None:
        raise ModelNotFound(f"There is no model '{name}'.{_nearest(catalog, name)} GET /v1/models lists all of them.", param=param)
    return catalog.models[slug]


def _nearest(catalog: "Catalog", name: str) -> str:
    close = get_close_matches(key(name), catalog.names, n=6, cutoff=0.5)
    found = list(dict.fromkeys(catalog.models[catalog.names[spelling]].name for spelling in close))[:3]
    return f" Did you mean {_spoken(found, last=' or ')}?" if found else ""


def _spoken(words: Iterable[str], last: str = " and ") -> str:
    *first, final = words
    return f"{', '.join(first)}{last}{final}" if first else final
