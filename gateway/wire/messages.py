"""The messages of a request: what each role may say, and in which kinds of parts. Fields we do not know are left alone."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.errors import InvalidRequest
from gateway.wire.tools import FunctionCalled, ToolCall, written_in

Name = Annotated[str, Meta(max_length=64)] | None


class ImageUrl(Struct):
    url: str
    detail: Literal["auto", "low", "high", "original"] | None = None


class VideoUrl(Struct):
    url: str


class InputAudio(Struct):
    data: Annotated[str, Meta(min_length=1)]
    format: Literal["wav", "mp3"]


class File(Struct):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class TextPart(Struct, tag="text", tag_field="type"):
    text: str


class ImagePart(Struct, tag="image_url", tag_field="type"):
    image_url: ImageUrl


class VideoPart(Struct, tag="video_url", tag_field="type"):
    """Not OpenAI's: how open servers take moving pictures."""

    video_url: VideoUrl


class AudioPart(Struct, tag="input_audio", tag_field="type"):
    input_audio: InputAudio


class FilePart(Struct, tag="file", tag_field="type"):
    file: File


class RefusalPart(Struct, tag="refusal", tag_field="type"):
    refusal: str


UserPart = TextPart | ImagePart | VideoPart | AudioPart | FilePart
MODALITIES: dict[type, str] = {ImagePart: "image", VideoPart: "video", AudioPart: "audio", FilePart: "file"}
Texts = str | Annotated[list[TextPart], Meta(min_length=1)]


class System(Struct, tag="system", tag_field="role"):
    content: Texts
    name: Name = None


class Developer(Struct, tag="developer", tag_field="role"):
    content: Texts
    name: Name = None


class User(Struct, tag="user", tag_field="role"):
    content: str | Annotated[list[UserPart], Meta(min_length=1)]
    name: Name = None


class EarlierAudio(Struct):
    id: str


class Assistant(Struct, tag="assistant", tag_field="role"):
    content: str | list[TextPart | RefusalPart] | None = None
    refusal: str | None = None
    name: Name = None
    tool_calls: list[ToolCall] | None = None
    function_call: FunctionCalled | None = None
    audio: EarlierAudio | None = None

    def says_something(self) -> bool:
        return self.content is not None or any((self.refusal, self.tool_calls, self.function_call, self.audio))


class Tool(Struct, tag="tool", tag_field="role"):
    content: Texts
    tool_call_id: str


class FunctionResult(Struct, tag="function", tag_field="role"):
    name: Annotated[str, Meta(max_length=64)]
    content: str | None


Message = System | Developer | User | Assistant | Tool | FunctionResult
BYTES_PER_TOKEN = 4
MESSAGE_TOKENS = 4  # what a chat template writes around a message
PART_TOKENS = 1_000  # an image, a recording, a file: nobody can tell, and most are more
ROLES = ("system", "developer", "user", "assistant", "tool", "function")


class Contents(Struct, frozen=True):
    """What the messages hold: each modality besides text with the path of its first part, the first link to follow, and
    about how many tokens all of it may be."""

    modalities: dict[str, str]
    remote: str = ""
    tokens: int = 0


NO_CONTENTS = Contents({})


def check(messages: list[Message]) -> Contents:
    """What the shapes alone do not say; InvalidRequest names the message."""
    called: set[str] = set()
    for index, message in enumerate(messages):
        if isinstance(message, Assistant):
            _check_assistant(message, index)
            called.update(call.id for call in message.tool_calls or ())
        elif isinstance(message, Tool) and message.tool_call_id not in called:
            raise InvalidRequest(
                f"No earlier assistant message made the tool call '{message.tool_call_id[:80]}'. "
                "A tool message answers one of the 'tool_calls' before it.",
                param=f"messages[{index}].tool_call_id",
            )
    return _contents(messages)


def _check_assistant(message: Assistant, index: int) -> None:
    if not message.says_something():
        raise InvalidRequest(
            "An assistant message needs 'content', unless it has 'tool_calls' or a 'refusal'.", param=f"messages[{index}].content"
        )


def _contents(messages: list[Message]) -> Contents:
    modalities: dict[str, str] = {}
    remote, parts = "", 0
    for path, part in _parts(messages):
        parts += 1
        modalities.setdefault(MODALITIES[type(part)], path)
        link, where = _link(part)
        if link is None:
            _check_file(part, path)
        elif not link.startswith("data:"):
            remote = remote or f"{path}.{where}"
            _check_link(link, f"{path}.{where}")
    said = sum([_size(message) for message in messages])
    return Contents(modalities, remote, tokens_of(said) + len(messages) * MESSAGE_TOKENS + parts * PART_TOKENS)


def _parts(messages: list[Message]) -> Iterator[tuple[str, UserPart]]:
    """Every part that is not text, with its path."""
    for index, message in enumerate(messages):
        if isinstance(message, User) and isinstance(message.content, list):
            for position, part in enumerate(message.content):
                if not isinstance(part, TextPart):
                    yield f"messages[{index}].content[{position}]", part


def _link(part: UserPart) -> tuple[str | None, str]:
    if isinstance(part, ImagePart):
        return part.image_url.url, "image_url.url"
    if isinstance(part, VideoPart):
        return part.video_url.url, "video_url.url"
    return None, ""


def _check_link(link: str, path: str) -> None:
    if not link.startswith(("https://", "http://")):
        raise InvalidRequest(f"Invalid '{path}': expected a link (https://…) or the data itself (data:image/png;base64,…).", param=path)


def _check_file(part: UserPart, path: str) -> None:
    if isinstance(part, FilePart) and part.file.file_id is not None:
        raise InvalidRequest("CLōD keeps no files: send the file itself in 'file_data'.", param=f"{path}.file.file_id")
    if isinstance(part, FilePart) and not part.file.file_data:
        param = f"{path}.file.file_data"
        raise InvalidRequest(f"'{param}' is missing: the file as data:application/pdf;base64,….", param=param)


def least_tokens(messages: list[Message]) -> int:
    """No fewer tokens than this, whatever the tokenizer: none joins words across spaces."""
    return sum(len(text.split()) for message in messages for text in _texts(message))


def tokens_of(text_bytes: int) -> int:
    """About how many tokens a text is, where nobody has counted them."""
    return -(-text_bytes // BYTES_PER_TOKEN)


def _size(message: Message) -> int:
    """Bytes of its texts, and of the calls of tools it repeats."""
    if isinstance(message.content, str) and not isinstance(message, Assistant):
        return _bytes_of(message.content)
    size = sum(map(_bytes_of, _texts(message)))
    return size + sum(map(_bytes_of, _repeated(message))) if isinstance(message, Assistant) else size


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def _repeated(message: Assistant) -> Iterator[str]:
    yield message.refusal or ""
    yield from (text for call in message.tool_calls or () for text in written_in(call))
    if message.function_call:
        yield message.function_call.arguments


def _texts(message: Message) -> Sequence[str]:
    if isinstance(message.content, str):
        return (message.content,)
    return [part.text for part in message.content or () if isinstance(part, TextPart)]
