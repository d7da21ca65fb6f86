"""What a preset holds, as the page sends it: names, texts and settings. Answers and images are no part of it."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from clod_site.lib.refusal import Refusal

MOST_BYTES = 256 * 1024
Name = Annotated[str, Meta(max_length=40)]


class Pane(msgspec.Struct, forbid_unknown_fields=True):
    model: Annotated[str, Meta(max_length=300)] = ""
    system: str = ""
    prompt: str = ""


class Setup(msgspec.Struct, forbid_unknown_fields=True):
    """``fields`` are the settings by the name of their control, as they were typed."""

    panes: Annotated[list[Pane], Meta(min_length=1, max_length=4)]
    prompt: str = ""
    separate: bool = False
    fields: Annotated[dict[Name, str], Meta(max_length=20)] = {}


class Saved(msgspec.Struct, omit_defaults=True):
    """What is sent to be saved. Of an existing preset only what is sent is changed. ``drawn_for`` is the organization of the page."""

    setup: Setup | None = None
    name: str | None = None
    is_shared: bool | None = None
    drawn_for: str = ""


def read(body: bytes) -> Saved:
    """Refusal for what is no preset, holds text that no database keeps, or is longer than ``MOST_BYTES``."""
    if len(body) > MOST_BYTES:
        raise Refusal(f"A preset holds at most {MOST_BYTES // 1024} KiB of text. Shorten the prompts, the schema or the tools.")
    try:
        saved = msgspec.json.decode(body, type=Saved)
    except msgspec.MsgspecError as error:
        raise Refusal(f"This cannot be saved: {error}.") from error
    if b"\\u0000" in body:
        raise Refusal("There is a NUL character in a text. Remove it, then save.")
    return saved


def as_json(setup: Setup) -> Any:
    return msgspec.to_builtins(setup)


def read_stored(stored: Any) -> Setup:
    return msgspec.convert(stored, Setup)
