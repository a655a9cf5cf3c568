"""Values of BibTeX fields as a reader sees them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.bibliography.bib_names import read_names
from notesearch.bibliography.latex_text import plain_address, plain_text
from notesearch.person_names import PersonName
from notesearch.render.bibtex import latex_text


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"{\'e} \'e \'{e} {\'{e}} \'{\i} \'\i", "é é é é í í"),
        (r"\"{u}\"u{\"U} \^o \~n \`a \=a \.z", "üüÜ ô ñ à ā ż"),
        (r"\c{c} \c c {\c c} \v{s} \v s \u{g} \H{o} \k{a} \r{u} \d{a}", "ç ç ç š š ğ ő ą ů ạ"),
        (r"\ss \ss{} Stra{\ss}e {\O}re \L{}ukasz {\aa} \AE \oe", "ßß Straße Øre Łukasz å Æœ"),
        (r"A \& B, 5\% of \$3 \#1 a\_b \{x\}", "A & B, 5% of $3 #1 a_b {x}"),
        (r"\emph{slanted} \textbf{bold {\it deep}} {{NASA}}", "slanted bold deep NASA"),
        (r"$\alpha$-step $x_{i}$ {and} $", r"$\alpha$-step $x_{i}$ and $"),
        (r"``quoted'' -- a---b a~b \LaTeX{} \ldots", "“quoted” – a—b a b LaTeX …"),
        (r"\textquotedblleft a\textquotedblright{} {\textendash} \textasciitilde 5", "“a” – ~5"),
        ("two\n\n  lines", "two lines"),
        ("Ünïcode stays — 学习", "Ünïcode stays — 学习"),
        ("e\u0301", "é"),
        (r"\unknown{kept} \noop{}end", "kept end"),
        ("\\", "\\"),
    ],
)
def test_text_without_commands(latex, plain):
    assert plain_text(latex) == plain


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"https://a.b/x\_y\%20--z", "https://a.b/x_y%20--z"),
        (r"https://a.b/{\textasciitilde}ada/\~{}x/~y", "https://a.b/~ada/~x/~y"),
        (r"10.1016/S0004-3702(99)00052-1", "10.1016/S0004-3702(99)00052-1"),
        (r"{10.1/a\&b}", "10.1/a&b"),
    ],
)
def test_address_without_escapes(latex, plain):
    assert plain_address(latex) == plain


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zl", "Zp", "Zs"])))
def test_what_is_written_for_bibtex_is_read_back(text):
    text = unicodedata.normalize("NFC", text)
    if not any(pair in text for pair in ("--", "''", "``")):
        assert plain_text(latex_text(text)) == " ".join(text.split())


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Ada Lee", [PersonName("Lee", "Ada")]),
        ("Lee, Ada", [PersonName("Lee", "Ada")]),
        ("Ludwig van Beethoven", [PersonName("Beethoven", "Ludwig", "van")]),
        ("van den Oord, A{\\\"a}ron", [PersonName("Oord", "Aäron", "van den")]),
        ("de la Cruz, Jr., Bo", [PersonName("Cruz", "Bo", "de la", "Jr.")]),
        ("{Allen Institute for AI}", [PersonName("Allen Institute for AI")]),
        ("{Barnes and Noble} and Smith, J. B.",
         [PersonName("Barnes and Noble"), PersonName("Smith", "J. B.")]),
        ("Lee, Ada AND Bo\n and\tChen", [PersonName("Lee", "Ada"), PersonName("Bo"),
                                        PersonName("Chen")]),
        ("family=Oord, given=A\\\"aron, prefix=van den, useprefix=true",
         [PersonName("Oord", "Aäron", "van den")]),
        ("{\\'E}ric de la {Vall{\\'e}e Poussin}", [PersonName("Vallée Poussin", "Éric", "de la")]),
        ("", []),
    ],
)  # fmt: skip
def test_names(value, names):
    assert read_names(value) == (tuple(names), False)


def test_others_are_no_name():
    assert read_names("Lee, Ada and others") == ((PersonName("Lee", "Ada"),), True)
    assert read_names("others") == ((), True)
