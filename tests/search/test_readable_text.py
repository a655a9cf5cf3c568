"""What a reader sees of the source of a note."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.search.readable_formulas import readable_formula
from notesearch.search.readable_text import name_callouts, separate_cells
from notesearch.search.sentences import read_atoms
from tests.linear_time import assert_linear


def read(text: str) -> str:
    return "".join(atom.text for atom in read_atoms(separate_cells(name_callouts(text))))


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (
            r"\pi_r(y\mid x) = \frac{1}{Z(x)} \pi_{\mathrm{ref}}(y \mid x) \label{eq:closed}",
            "π_r(y|x) = 1/Z(x) π_ref(y|x)",
        ),
        (r"\tilde{O}(d^2/n)", "Õ(d²/n)"),
        (r"x\in\mathbb{R}^{n \times d_k}", "x ∈ ℝ^(n×d_k)"),
        (r"\frac{x + 1}{2y}b", "(x + 1)/(2y) b"),
        (r"\frac12 \sqrt{d_k} \sqrt[3]{a+b}", "1/2 √d_k ³√(a+b)"),
        (r"\operatorname*{arg\,max}_\theta \sum_{i=1}^{N}\log p_\theta(x_i)",
         "arg max_θ ∑_(i=1)^N log p_θ(x_i)"),
        (r"\left\| W^\top x \right\|_2^2 - 10^{-3}", "‖ Wᵀ x ‖₂² - 10⁻³"),
        (r"\beta\log\sigma(z)", "β log σ(z)"),
        (r"\left. f'(x) \right|_{x=0}", "f′(x) |_(x=0)"),
        (r"\begin{aligned} a &= b \\ c &= d \nonumber \end{aligned}", "a = b\nc = d"),
        (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", "[a, b; c, d]"),
        (r"\begin{cases} 1 & x > 0 \\ 0 & \text{if not} \end{cases}", "{ 1, x > 0; 0, if not"),
        (r"\KL{p}{q} + \E_x", "KL(p)q + E_x"),  # macros of the person's own
        (r"\frac{a}{b", "a/b"),  # cut, as a passage may be
        (r"78.2\%", "78.2%"),
        (r"x &lt; y &amp; z", "x < y z"),
        ("", ""),
    ],
)  # fmt: skip
def test_formula(formula, shown):
    assert readable_formula(formula) == shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("the rate $\\tilde{O}(1/n)$, and \\(x_1\\)", "the rate Õ(1/n), and x₁"),
        ("$$\nL = \\sum_i x_i\n$$", "L = ∑_i x_i"),
        ("\\begin{equation}\\label{eq:1} a = b \\end{equation}", "a = b"),
        ("as in \\cite{rafailov} and \\textbf{bold} \\alpha", "as in and bold α"),
        # no formulas
        ("it costs $5 million to A$, or $HOME/bin", "it costs $5 million to A$, or $HOME/bin"),
        ("C:\\Users\\me and \\unknown", "C:\\Users\\me and \\unknown"),
        # HTML
        ("a <b>bold</b> word<br>and H<sub>2</sub>O, x<sup>2</sup>", "a bold word\nand H₂O, x²"),
        ("one <!-- hidden\nwords --> two", "one two"),
        ("<p align='center'>one</p>\n<p>two &lt;3&nbsp;&amp; more</p>", "\none\ntwo <3 & more\n"),
        ('<img src="a.png" alt="The loss">', "The loss"),
        ("<tr><td>a</td><td>b</td></tr>", "\na │ b\n"),
        ("<script>let x = 1</script>text", "text"),
        ("Vec<T>, <think>, a < b and c > d", "Vec<T>, <think>, a < b and c > d"),
        # links
        ("[a *b*](http://x.y/z_(1)) and <https://x.y>", "a *b* and https://x.y"),
        ("[[dpo]], [[alignment/dpo|DPO]], ![[plot.png]]", "dpo, DPO, plot.png"),
        ("[[dpo#Loss]] ![](img/loss.png) ![The loss](loss.png)", "dpo › Loss loss.png The loss"),
        ("[![badge](b.svg)](http://x.y)", "badge"),
        # emphasis
        ("**Deep** and *slow*, ***both***; ~~old~~ ==new==", "Deep and slow, both; old new"),
        ("**The loss $L$ of [x](y).** So __it is__ _so_.", "The loss L of x. So it is so."),
        ("* item\n* 2 * 3 = 6, snake_case_name, __init__", None),
        ("f(*args, **kwargs) and 5* of 7*", None),
        ("**open\n\nand never closed**", None),
        ("escaped \\*stars\\* and \\_", "escaped *stars* and _"),
        # code
        ("`$x$ **k**` and\n```\n| a | b |\n<b>\n```", None),
    ],
)
def test_text(source, shown):
    assert read(source) == (source if shown is None else shown)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "a │ b\n1 │ 2"),
        ("|a|b|\n|-|-|\n||2|", "a │ b\n│ 2"),
        ("a | b\n--|--\n1 | 2", "a │ b\n1 │ 2"),
        ("| $p(y|x)$ | `a|b` | x \\| y | [[n\\|m]] |", "p(y|x) │ `a|b` │ x | y │ m"),
        ("> | a | b |", "a │ b"),
        ("> [!abstract] In short\n> Words.", "> In short\n> Words."),
        ("> > [!tip]-\n> > Words [!x].", "> > Tip\n> > Words [!x]."),
        ("$$\n\\log |F|\n$$\n\n| a |\n|---|\n| 1 |", "log |F|\n\na\n1"),
        ("either a | b, with no table", None),
        ("---\n\np(a|b)", None),
    ],
)
def test_table(source, shown):
    assert read(source) == (source if shown is None else shown)


@given(st.text(st.sampled_from("ab $\\{}_^|<>*[]()!`&;\n-=/"), max_size=60))
def test_any_text_is_taken(text):
    read(text)


@given(st.text(st.sampled_from("ab \\{}_^&()[]|\n"), max_size=60))
def test_any_formula_is_taken(text):
    assert "\n\n" not in readable_formula(text)


@pytest.mark.parametrize(
    "part",
    ["x^", "{", "\\frac", "\\frac{", "x&", "\\hat{", "\\begin{matrix}&", "\\left(", "a_{b", "}"],
)
def test_long_formula_is_read_in_linear_time(part):
    assert_linear(lambda size: readable_formula(part * size), size=300)


@pytest.mark.parametrize("part", ["**a ", "_a_ ", "a* ", "| a ", "&amp; ", "<td>", "==a **b "])
def test_long_text_is_read_in_linear_time(part):
    assert_linear(lambda size: read(part * size), size=300)
