from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.search_text.latex import math_to_words
from notesearch.corpus.search_text.plain_words import to_words
from tests.linear_time import assert_linear

HERE = Path(__file__).parent
CASE = re.compile(
    r"^### ([^\n]+)\n\n`{5}\n(.*?)\n`{5}\n\n`{5}\n(.*?)\n`{5}$", re.MULTILINE | re.DOTALL
)
CASES = CASE.findall((HERE / "search_text_cases.md").read_text(encoding="utf-8"))

DATA = Path(os.environ.get("NOTESEARCH_DATA", HERE.parents[3] / "shared" / "data"))
NOTES = DATA / "wild" / "notes"


@pytest.mark.parametrize(
    ("source", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_source_becomes_the_words_of_the_case(source, words):
    assert to_words(source) == words


def test_every_case_of_the_file_is_read():
    headings = re.findall(r"^### ", (HERE / "search_text_cases.md").read_text("utf-8"), re.M)
    assert len(CASES) == len(headings) >= 70


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("a\u00a0b\u2009c\td", "a b c d"),
        ("se\u00adarch\u200b text\ufeff", "search text"),
        ("e\ufb03cient \ufb01le", "efficient file"),
        ("R\u00b2 \U0001d53c[x] 10\u2075", "R2 E[x] 105"),
        ("don\u2019t \u201csay\u201d pre\u2011train BERT\u2122", 'don\'t "say" pre-train BERT'),
        ("one\r\ntwo\rthree\x00four\u2028five", "one\ntwo\nthree four\nfive"),
        ("half \ud800 a pair", "half a pair"),
        ("private \ue02a signs \ue001", "private signs"),
        ("", ""),
        (" \n\t\n ", ""),
    ],
)
def test_characters_that_cannot_be_seen(source, words):
    assert to_words(source) == words


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (r"\mathbb{E}_{x\sim\pi_\theta}", "E x sim pi theta"),
        (r"\frac{a}{b}", "a / b"),
        (r"\hat{y}_{t+1} = \mathbf{W}x", "y t+1 = Wx"),
        (r"\left. x \right|_{0}", "x | 0"),
        (r"\frac{\pi_\theta(y", "pi theta (y"),
        ("}}{{", ""),
        ("\\", "\\"),
    ],
)
def test_formula_is_said(formula, words):
    assert math_to_words(formula) == words


MARKS = [
    *"$[]<>{}*\\`_~=#|:!()&-+.@/\"'%^a \n1é",
    *("$$", "\\(", "\\[", "\\]", "\\begin{equation}", "\\end{equation}", "\\frac{", "\\alpha"),
    *("\\label{", "[a](", "](", "![", "[[", "[[a|", "][", "[^", "]:", "<!--", "-->", "<a ", "</"),
    *('<a "', '<img alt="', "<script>", "</script>", "http://", "www.a", "a.com/", "arXiv:1"),
    *(
        "{%",
        "%}",
        "{{",
        "}}",
        "{:",
        "\n```",
        "\n```python",
        "\n~~~",
        "\n```markdown",
        "\n| ",
        "\n- ",
    ),
    *("\n> ", "\n---\n", "\n.. ", ":a:", ":`", ">`_", "&amp;", "&#1;", "**a", "_a", "a_", "a-\n"),
    *("*a ", "**a ", "_a ", "__a ", "~~a ", "==a ", "%%a "),  # openers that nothing closes
]


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_repeated_without_end_is_read_in_linear_time(mark):
    assert_linear(lambda size: to_words(mark * (size // len(mark))), 20_000)


@pytest.mark.parametrize("mark", ["<script>", "|", "\n|", "](", "\\", '="'])
@pytest.mark.parametrize("run", ["a", "_", "-", "a.", "a=", " ", "$"])
def test_a_long_run_before_many_marks_is_read_in_linear_time(run, mark):
    assert_linear(lambda size: to_words(run * 10 * size + mark * size), 1_000)


@pytest.mark.parametrize("closer", ["]](", "$$", "-->", "\\)", "\\]", "%}", "}}", '">', "\n```\n"])
@pytest.mark.parametrize(
    "opener", ["[", "$a", "<!--", "\\(a\n\n", "\\[", "{%", "{{", '<a "', "\n```markdown"]
)
def test_many_openers_before_one_closer_are_read_in_linear_time(opener, closer):
    assert_linear(lambda size: to_words(opener * size + closer), 4_000)


@given(st.text())
def test_any_text_is_taken(text):
    to_words(text)


@given(st.lists(st.sampled_from(MARKS) | st.text(max_size=4)).map("".join))
def test_any_mixture_of_marks_is_taken_and_comes_out_trimmed(text):
    words = to_words(text)
    assert words == words.strip()
    assert "\n\n\n" not in words
    assert "  " not in words


PLAIN_WORD = st.from_regex(r"[A-Za-z0-9]{1,8}[,.;!?]?", fullmatch=True)
PLAIN_LINE = st.lists(PLAIN_WORD, min_size=1, max_size=8).map(" ".join)
PLAIN_TEXT = st.lists(PLAIN_LINE, min_size=1, max_size=5).map("\n".join)


@given(PLAIN_TEXT)
def test_text_without_markup_stays_as_it_is(text):
    assert to_words(text) == text


@given(PLAIN_TEXT)
def test_words_inside_markup_survive(text):
    source = f"# {text}\n\n**[{text}](https://a.org/b_c)**\n> <b>{text}</b>\n\n- `{text}`"
    assert re.findall(r"\w+", to_words(source)) == 4 * re.findall(r"\w+", text)


SNIPPETS = [
    "https://a.org/b?c=d_e",
    "<http://b.net>",
    "[words](http://c.io/d)",
    '<a href="https://e.com">x</a>',
    "`curl https://f.com`",
    '{% include figure.html caption="words" %}',
    "{% raw %}",
    "{% cut",
    "$$x_i$$",
    "$$",
    "$y$",
    "*plain*",
    "words",
]


@given(st.lists(st.sampled_from(SNIPPETS)), st.sampled_from([" ", "\n", "\n\n"]))
def test_no_address_template_tag_or_display_mark_is_left(snippets, separator):
    words = to_words(separator.join(snippets))
    assert "http" not in words
    assert "{%" not in words
    assert "$$" not in words


@given(PLAIN_TEXT, st.integers(min_value=0))
def test_a_formula_cut_anywhere_leaves_the_words_around_it(text, cut):
    source = r"$\mathbb{E}_{x\sim\pi_\theta}[\frac{a}{b}]$ \(\mathrm{KL}\)"
    words = to_words(f"{text}\n\n{source[: cut % len(source)]}\n\n{text}")
    assert words.startswith(text)
    assert words.endswith(text)


@pytest.mark.skipif(not NOTES.is_dir(), reason="the notes to try against are not here")
def test_real_notes_keep_no_address_and_no_display_mark():
    for path in sorted(NOTES.glob("tnguyen9210__research-vault/**/*.md")):
        words = to_words(path.read_text(encoding="utf-8", errors="replace"))
        assert "://" not in words, path
        assert "$$" not in words, path
