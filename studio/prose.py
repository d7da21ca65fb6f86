"""What a model wrote, as HTML for its reader: Markdown without HTML of its own, without images and with highlighted code.

An image in an answer would tell its server who reads it, and what the address says: it stays a link.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from accounts.templatetags.ui import code_block

MOST_BYTES = 64 * 1024  # a second of work, for the worst of texts
MOST_HIGHLIGHTED = 20_000  # characters of one block; longer ones are shown as they are
# fmt: off
LANGUAGES = frozenset((
    "bash", "c", "console", "cpp", "c++", "csharp", "css", "csv", "diff", "dockerfile", "go", "graphql", "html", "http", "ini", "java",
    "javascript", "js", "json", "jsx", "kotlin", "lua", "makefile", "php", "py", "python", "r", "ruby", "rust", "scala", "sh", "shell",
    "sql", "swift", "toml", "ts", "tsx", "typescript", "xml", "yaml", "yml",
))
# fmt: on
LINKS = ("https://", "http://", "mailto:")
TOP_HEADING = 3  # below the page's own


def render(text: str) -> SafeString:
    """Safe HTML. Callers bound the text to ``MOST_BYTES``."""
    html: str = _markdown.render(text)
    return mark_safe(html)  # noqa: S308 – HTML in the text is escaped, links are checked, Pygments escapes code


def _fence(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    code, language = tokens[index].content, (tokens[index].info.lower().split() or [""])[0]
    is_known = language in LANGUAGES and len(code) <= MOST_HIGHLIGHTED
    return render_to_string("components/code.html", code_block(code, language if is_known else "text", language or "Code"))


def _cell(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """Numbers stand to the right by a class; the policy of the site has no room for styles in the page."""
    if tokens[index].attrs.pop("style", "") == "text-align:right":
        tokens[index].attrSet("class", "num")
    return renderer.renderToken(tokens, index, options, env)


def _link_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    tokens[index].attrSet("rel", "noopener noreferrer nofollow")
    tokens[index].attrSet("target", "_blank")
    return renderer.renderToken(tokens, index, options, env)


def _heading(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    level = min(int(tokens[index].tag[1]) + TOP_HEADING - 1, 6)
    tokens[index].tag = f"h{level}"
    return renderer.renderToken(tokens, index, options, env)


def _made() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")
    markdown.validateLink = lambda url: url.lower().startswith(LINKS)  # type: ignore[method-assign]
    for name, rule in RULES.items():
        markdown.add_render_rule(name, rule)
    return markdown


RULES: dict[str, Callable[..., str]] = {
    "fence": _fence,
    "code_block": _fence,
    "link_open": _link_open,
    "heading_open": _heading,
    "heading_close": _heading,
    "th_open": _cell,
    "td_open": _cell,
}


_markdown = _made()
