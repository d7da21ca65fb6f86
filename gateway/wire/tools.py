"""Tools a model may call, how it is told which, and the form its answer has to take."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct

ToolName = Annotated[str, Meta(pattern="^[a-zA-Z0-9_-]{1,64}$")]
Schema = dict[str, Raw]


# --- what may be called ----------------------------------------------------------------------------


class Function(Struct):
    name: ToolName
    description: str | None = None
    parameters: Schema | None = None
    strict: bool | None = None


class Custom(Struct):
    name: ToolName
    description: str | None = None
    format: Schema | None = None


class FunctionTool(Struct, tag="function", tag_field="type"):
    function: Function


class CustomTool(Struct, tag="custom", tag_field="type"):
    custom: Custom


AnyTool = FunctionTool | CustomTool


def name_of(tool: AnyTool) -> str:
    return tool.function.name if isinstance(tool, FunctionTool) else tool.custom.name


# --- what has been called --------------------------------------------------------------------------


class FunctionCalled(Struct):
    name: str
    arguments: str


class CustomCalled(Struct):
    name: str
    input: str


class FunctionToolCall(Struct, tag="function", tag_field="type"):
    id: str
    function: FunctionCalled


class CustomToolCall(Struct, tag="custom", tag_field="type"):
    id: str
    custom: CustomCalled


ToolCall = FunctionToolCall | CustomToolCall


def written_in(call: ToolCall) -> tuple[str, str]:
    """What a model reads of a call it made before."""
    called = call.function if isinstance(call, FunctionToolCall) else call.custom
    return called.name, called.arguments if isinstance(called, FunctionCalled) else called.input


# --- which of them ---------------------------------------------------------------------------------


class Named(Struct):
    name: str


class NamedFunction(Struct, tag="function", tag_field="type"):
    function: Named


class NamedCustom(Struct, tag="custom", tag_field="type"):
    custom: Named


class AllowedTools(Struct):
    mode: Literal["auto", "required"]
    tools: list[dict[str, Raw]]


class Allowed(Struct, tag="allowed_tools", tag_field="type"):
    allowed_tools: AllowedTools


ToolChoice = Literal["none", "auto", "required"] | NamedFunction | NamedCustom | Allowed
FunctionChoice = Literal["none", "auto"] | Named


def chosen(choice: Any) -> str | None:
    """The one tool a choice names."""
    if isinstance(choice, NamedFunction):
        return choice.function.name
    return choice.custom.name if isinstance(choice, NamedCustom) else None


# --- the form of the answer ------------------------------------------------------------------------


class JsonSchema(Struct):
    name: ToolName
    schema: Schema
    description: str | None = None
    strict: bool | None = None


class TextFormat(Struct, tag="text", tag_field="type"):
    pass


class JsonObjectFormat(Struct, tag="json_object", tag_field="type"):
    pass


class JsonSchemaFormat(Struct, tag="json_schema", tag_field="type"):
    json_schema: JsonSchema


ResponseFormat = TextFormat | JsonObjectFormat | JsonSchemaFormat
