"""Answers as HTML: what a model writes is formatted, and can neither run, nor load, nor disguise anything."""

import re

import pytest

from accounts.models import User
from studio import prose
from tests.people import browser


def test_markdown_is_formatted_below_the_page_s_own_headings() -> None:
    html = prose.render("# Title\n\nSome **bold** text\nand a line\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n- one\n- two")
    for part in ("<h3>Title</h3>", "<strong>bold</strong> text<br", '<td class="num">2</td>', "<li>two</li>"):
        assert part in html
    assert "style=" not in html


def test_code_is_highlighted_and_can_be_copied() -> None:
    html = prose.render("```python\nif x < 1:\n    print('<b>')\n```")
    assert '<span class="k">if</span>' in html
    assert "data-copy=" in html
    assert "<b>" not in html


@pytest.mark.parametrize("language", ["", "nonsense", '"><script>', "../../etc", "python3 title=x"])
def test_a_language_nobody_knows_is_text(language: str) -> None:
    html = prose.render(f"```{language}\nx = 1\n```")
    assert "x = 1" in html
    assert "<script" not in html


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        '[x](https://e.org "\\" onmouseover=alert(1) ")',
        "![x](https://evil.example/pixel.png)",
        "`</code><script>alert(1)</script>`",
        "```html\n</code></pre><script>alert(1)</script>\n```",
        "<style>body{display:none}</style>",
        "<a href='https://e.org' onclick='x'>x</a>",
    ],
)
def test_nothing_in_it_runs_or_loads(evil: str) -> None:
    html = prose.render(evil)
    tags = re.findall(r"<[^>]*>", html)
    assert not [tag for tag in tags if re.match(r"<(script|img|style|iframe|object)", tag)]
    assert not [tag for tag in tags if re.search(r"\s(on\w+|style)\s*=", re.sub(r'"[^"]*"', '""', tag))]
    assert not re.search(r'href="(?!https?://|mailto:)', html)


def test_links_leave_nothing_behind() -> None:
    assert 'rel="noopener noreferrer nofollow" target="_blank"' in prose.render("[x](https://e.org)")


@pytest.mark.parametrize("text", ["[" * 20_000, "*a " * 20_000, "> " * 20_000, "|a" * 20_000 + "\n" + "|-" * 10_000, "\x00\ud7ff\u2028"])
def test_no_text_is_too_odd(text: str) -> None:
    prose.render(text)


def test_the_page_gets_html_of_what_it_sends(bob: User) -> None:
    answer = browser(bob).post("/studio/answer", "**a**", content_type="text/markdown")
    assert answer.content == b"<p><strong>a</strong></p>\n"


def test_what_is_too_long_is_refused(bob: User) -> None:
    assert browser(bob).post("/studio/answer", "a" * (prose.MOST_BYTES + 1), content_type="text/markdown").status_code == 413


def test_a_visitor_gets_none(db: None) -> None:
    assert browser().post("/studio/answer", "a", content_type="text/markdown").status_code == 302
