from __future__ import annotations

import pytest

from notesearch.web.note.formulas import formula_html
from tests.linear_time import assert_linear
from tests.web.note.html_allowlist import faults_of


def mathml(tex: str, *, display: bool = False) -> str:
    """Return what stands inside of the formula's outermost row."""
    html = str(formula_html(tex, display=display))
    assert faults_of(html) == []
    start = f'<math display="{"block" if display else "inline"}"><mrow>'
    assert html.startswith(start)
    return html.removeprefix(start).removesuffix("</mrow></math>")


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("x_i^2", "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
        ("a < b & c", "<mi>a</mi><mo>&lt;</mo><mi>b</mi><mo>&amp;</mo><mi>c</mi>"),
        ("a &lt; b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        (r"\mathbb{RN}", "<mrow><mi>ℝ</mi><mi>ℕ</mi></mrow>"),
        (r"\mathscr{L}\mathcal{LB}", "<mrow><mi>ℒ</mi></mrow><mrow><mi>ℒ</mi><mi>ℬ</mi></mrow>"),
        (r"\bm{\theta}", "<mrow><mi>𝜽</mi></mrow>"),
        (r"\mathds{1}", "<mrow><mn>𝟙</mn></mrow>"),
        (r"\mathrm{KL}", "<mi>KL</mi>"),
        (r"\lfloor x \rfloor", '<mo stretchy="false">⌊</mo><mi>x</mi><mo stretchy="false">⌋</mo>'),
        (r"a \succeq b", "<mi>a</mi><mo>⪰</mo><mi>b</mi>"),
        (r"50%", "<mn>50</mn><mi>%</mi>"),
        (r"\label{eq:1} x \nonumber", "<mi>x</mi>"),
        (r"\myloss x", "<mi>myloss</mi><mi>x</mi>"),
        (r"\text{if } x", "<mtext>if\xa0</mtext><mi>x</mi>"),
    ],
)
def test_formula_becomes_mathml(tex, expected):
    assert mathml(tex) == expected


@pytest.mark.parametrize(
    "tex", [r"\arg\max_x", r"\argmax_x", r"\operatorname*{arg\,max}_x", r"\arg \, \max_{x}"]
)
def test_argmax_has_its_index_below_in_a_display(tex):
    shown = mathml(tex, display=True).replace("\u2009", "")
    assert shown.startswith(
        '<munder><mo movablelimits="true" lspace="0.167em" rspace="0.167em">argmax'
    )


@pytest.mark.parametrize(
    ("frame", "rows"),
    [
        (r"\begin{aligned}a&=b\\c&=d\end{aligned}", 2),
        (r"\begin{align*} a&=b \\ c&=d \\ e&=f \end{align*}", 3),
        (r"\begin{alignat}{2}a&=b\\c&=d\end{alignat}", 2),
        (r"\begin{eqnarray}a&=&b\\c&=&d\end{eqnarray}", 2),
        (r"\begin{gather}a\\b\end{gather}", 2),
        (r"\begin{cases}a&b\\c&d\end{cases}", 2),
        (r"\begin{equation}\begin{pmatrix}a\\b\end{pmatrix}\end{equation}", 2),
        (r"a = b \\ c = d", 2),
        (r"a &= b \\ &= d", 2),
    ],
)
def test_rows_of_a_formula_stand_below_each_other(frame, rows):
    shown = mathml(frame, display=True)
    assert shown.count("<mtr>") == rows
    assert "&amp;" not in shown


HOSTILE = [
    r"\text{<script>alert(1)</script>}",
    r"\text{</mtext></math><img src=x onerror=alert(1)>}",
    r"</math><script>alert(1)</script>",
    r"\text{&lt;script&gt;}",
    r"\href{javascript:alert(1)}{x}",
    r"\style{position:fixed;inset:0}{x}",
    r"\class{asked}{x}",
    r"\color{red;background:url(//a.org)}{x}",
    r"\textcolor{\"onclick=x}{x}",
    r"\colorbox{x\" onload=alert(1)}{y}",
    r"\unicode{0\" onload=alert(1)}",
    r"\unicode{x3c}script\unicode{x3e}",
    r"\rule{9999em}{9999em}",
    r"\hspace{9999em}",
    r"\verb|<svg onload=alert(1)>|",
    r"\begin{array}{\"<b>}x\end{array}",
    r"\operatorname{<b>}",
    '<annotation-xml encoding="text/html"><svg onload=alert(1)>',
    "\\text{a\0b}",
    "\u202ex",
]


@pytest.mark.parametrize("display", [False, True])
@pytest.mark.parametrize("tex", HOSTILE)
def test_hostile_formula_stays_text(tex, display):
    html = str(formula_html(tex, display=display))
    assert faults_of(html) == []
    assert "9999" not in html or "formula" in html


@pytest.mark.parametrize(
    "tex",
    [
        r"\def\a{\b\b}\def\b{\c\c}\a",
        r"\newcommand{\a}{\a\a}\a",
        r"\DeclareMathOperator{\E}{E}\E",
        r"\let\a=\b",
        "x_",
        r"\frac{1}",
        r"\left( x",
        r"\begin{align} x",
        "{" * 100 + "x" + "}" * 100,
        r"\sqrt" * 900,
        "x" * 6000,
        "",
    ],
)
def test_what_cannot_be_mathml_is_shown_in_signs(tex):
    html = str(formula_html(tex))
    assert html.startswith('<span class="formula">')
    assert faults_of(html) == []


def test_formula_without_end_is_shown_as_it_is():
    assert str(formula_html("<" * 60_000)) == f"<code>{'&lt;' * 60_000}</code>"


@pytest.mark.parametrize(
    "unit",
    [
        "\\frac",
        "x_",
        "{}",
        "\\left(",
        "a&b\\\\",
        "'",
        "\\operatorname{a",
        "\\label{",
        "%",
        "\\arg ",
    ],
)
def test_time_is_linear_in_the_size_of_a_formula(unit):
    assert_linear(lambda size: formula_html.__wrapped__(unit * (size // len(unit))), 1200)
