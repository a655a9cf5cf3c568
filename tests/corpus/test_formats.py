import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.document import TRANSLATORS
from notesearch.corpus.formats import Translated
from notesearch.corpus.markdown_blocks import parse_blocks
from tests.linear_time import assert_linear

CASES = Path(__file__).with_name("markup_cases.md")
CASE = re.compile(r"^## (?=\w+ .*\n~{5}\w)", re.MULTILINE)
FENCED = re.compile(r"^~~~~~(\w+)\n(.*?)^~~~~~$", re.MULTILINE | re.DOTALL)
SIGNS = [
    "* ", "** ", "#+begin_src\n", "#+end_src\n", "#+begin_quote\n", "#+end_quote\n", ":END:\n",
    ":PROPERTIES:\n", ":x: ", "| a |", "|-+-|", "- ", "  - ", "1. ", "=", "~", "`", "[fn:1]",
    "\\begin{a}\n", "\\end{a}\n", "#+title: ", "#+filetags: \"", "[", "]", "<", ">", "\n", "\n\n",
    "====\n", "----\n", ".. ", ".. math::\n", ".. note::\n", ".. code::\n", "::", "   ", "\t", "$$",
    ".. _a: ", ".. |a| ", "+--+\n", "==  ==\n", ":math:`", "<p>", "<div>", "</div>", "<ul>", "<ol>",
    "<li>", "</li>", "</ul>", "<table>", "<tr>", "<td>", "</table>", "<pre>", "</pre>", "<h1>",
    "</h1>", "<a href='http://x'>", "</a>", "<b>", "</b>", "<code>", "</code>", "<!--", "-->",
    "<script>", "</script>", "<math>", "</math>", "<annotation encoding=tex>", "<nav>", "</nav>",
    "<blockquote>", "</blockquote>", "<br>", "<title>", "</title>", "<img alt='", "'>", "&", "&#x",
    "&#99999999999;", "<main>", "<header>", "</header>", "</main>", "<svg", "word", "é", "\0",
]  # fmt: skip
ELEMENTS = [
    "p", "div", "li", "h2", "b", "em", "code", "a", "td", "blockquote", "span", "pre", "section",
]  # fmt: skip


def read_cases():
    for section in CASE.split(CASES.read_text(encoding="utf-8"))[1:]:
        title = section.split("\n", 1)[0]
        parts = FENCED.findall(section)
        fields = json.loads(parts[2][1]) if len(parts) > 2 else {}
        (suffix, source), (_, expected) = parts[:2]
        yield pytest.param(f".{suffix}", source, expected, fields, id=title)


def translate(suffix: str, text: str) -> Translated:
    return TRANSLATORS[suffix](text.split("\n"))


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


@pytest.mark.parametrize(("suffix", "source", "expected", "fields"), list(read_cases()))
def test_file_becomes_markdown_and_fields(suffix, source, expected, fields):
    translated = TRANSLATORS[suffix](source.splitlines())
    assert translated.markup == expected.splitlines()
    assert translated.fields == fields


@pytest.mark.parametrize("suffix", sorted(TRANSLATORS))
@given(text=st.lists(st.sampled_from(SIGNS) | st.text(max_size=8), max_size=40).map("".join))
def test_any_text_gives_as_many_lines_as_numbers_and_blocks_can_be_read(suffix, text):
    translated = translate(suffix, text)
    numbers = list(translated.numbers)
    assert len(translated.lines) == len(translated.markup) == len(numbers)
    assert numbers == sorted(numbers)
    assert all(1 <= number <= text.count("\n") + 1 for number in numbers)
    assert not any("\n" in line for line in translated.markup)
    blocks = parse_blocks(translated.markup)
    assert sum(block.end - block.start for block in blocks) == len(translated.markup)


@pytest.mark.parametrize("suffix", [".org", ".rst"])
@given(text=st.lists(st.sampled_from(SIGNS) | st.text(max_size=8), max_size=40).map("".join))
def test_shown_lines_are_the_lines_of_the_file(suffix, text):
    translated = translate(suffix, text)
    source = text.split("\n")
    assert translated.lines == [source[number - 1] for number in translated.numbers]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(ELEMENTS),
            st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), min_size=1, max_size=4),
            st.booleans(),
        ),
        max_size=20,
    )
)
def test_html_keeps_every_word_in_order_whatever_is_left_open(elements):
    parts = [
        f"<{name}> {' '.join(text)} " + (f"</{name}>" if closed else "")
        for name, text, closed in elements
    ]
    expected = [word for _, text, _ in elements for word in text]
    assert words("\n".join(translate(".html", "\n".join(parts)).lines)) == expected


@pytest.mark.parametrize("suffix", [".org", ".rst"])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "- ", "  - ", "1. ", "    ", "  ", "| ", "+ "]),
            st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), min_size=1, max_size=4),
        ),
        max_size=20,
    )
)
def test_prose_and_lists_keep_every_word(suffix, lines):
    text = "\n".join(f"{margin}{' '.join(text)}" for margin, text in lines)
    markup = "\n".join(translate(suffix, text).markup)
    assert words(markup) == words(text)


@pytest.mark.parametrize(
    "unit",
    ["<a ", "<a b=\"", "<!--", "<x", "<script>", "<b><i>x", "<ul><li>", "<blockquote>x", "</li>x",
     "<table><tr><td>x", "<nav><div>", "<main><header>", "<math>", "&#9", "<h1>x", " ", "\n"],
)  # fmt: skip
def test_hostile_page_is_read_to_its_end_in_linear_time(unit):
    def read(size: int) -> None:
        page = unit * (size // len(unit))
        lines = translate(".html", f"<p>first</p>{page}<p>last</p>").lines
        assert lines[0] == "first"
        assert "last" in lines[-1]

    assert_linear(read, 15_000)


@pytest.mark.parametrize("suffix", [".org", ".rst"])
@pytest.mark.parametrize(
    "unit",
    ["=a ", "~", "`a <", ":a", " :a:", "[fn:1", "SCHEDULED: <", "- a\n", "#+begin_src\n", "x::\n\n",
     ":X:\n", "\\begin{a}\n", ".. math::\n", "..\n", "a\n==\n", "== ", "+-", "* a :b:c\n", " "],
)  # fmt: skip
def test_hostile_text_is_read_to_its_end_in_linear_time(suffix, unit):
    def read(size: int) -> None:
        translated = translate(suffix, unit * (size // len(unit)) + "\n\nlast")
        assert len(translated.markup) == len(translated.numbers)
        assert translated.markup[-1].strip() == "last"

    assert_linear(read, 15_000)


@pytest.mark.parametrize("name", ["div", "blockquote", "b", "ul", "table", "span"])
def test_nested_elements_without_end_keep_their_word_in_linear_time(name):
    def read(size: int) -> None:
        translated = translate(".html", f"<{name}>" * size + "word" + f"</{name}>" * size)
        assert words("\n".join(translated.lines)) == ["word"]

    assert_linear(read, 2_500)


@pytest.mark.parametrize("tag", ["b", "div", "span", "font", "blockquote", "li"])
def test_page_of_elements_that_are_never_closed_keeps_every_word(tag):
    text = [f"w{number}" for number in range(3_000)]
    page = "\n".join(f"<{tag}>{word}" for word in text)
    assert words(" ".join(translate(".html", page).lines)) == text


def test_lines_of_a_minified_page_share_its_line():
    translated = translate(".html", "\n<h2>A</h2><p>b</p><ul><li>c<li>d</ul>")
    assert translated.lines == ["## A", "", "b", "", "- c", "- d"]
    assert list(translated.numbers) == [2, 2, 2, 2, 2, 2]


def test_paragraph_over_several_lines_knows_each_of_them():
    translated = translate(".html", "<p>one\n<b>two</b>\n- three\nfour\n</p>\n\n<p>seven")
    assert translated.lines == ["one", "**two** - three", "four", "", "seven"]
    assert list(translated.numbers) == [1, 2, 4, 4, 7]


def test_code_knows_its_lines():
    translated = translate(".html", "<pre>\na\n\nb</pre>\nafter")
    assert translated.lines == ["```", "a", "", "b", "```", "", "after"]
    assert list(translated.numbers) == [1, 2, 3, 4, 4, 4, 5]
