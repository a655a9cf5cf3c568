"""Know the commands of LaTeX that stand in formulas, and the signs of Unicode that they are."""

from __future__ import annotations


def _signs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split())


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYMBOLS = _signs("""
    alpha=α beta=β gamma=γ delta=δ epsilon=ϵ varepsilon=ε zeta=ζ eta=η theta=θ vartheta=ϑ iota=ι
    kappa=κ lambda=λ mu=μ nu=ν xi=ξ pi=π varpi=ϖ rho=ρ varrho=ϱ sigma=σ varsigma=ς tau=τ upsilon=υ
    phi=φ varphi=φ chi=χ psi=ψ omega=ω Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ
    Upsilon=Υ Phi=Φ Psi=Ψ Omega=Ω nabla=∇ partial=∂ infty=∞ ell=ℓ hbar=ℏ emptyset=∅ varnothing=∅
    aleph=ℵ Re=ℜ Im=ℑ wp=℘ top=⊤ bot=⊥ forall=∀ exists=∃ nexists=∄ neg=¬ lnot=¬ angle=∠
    triangle=△ square=□ blacksquare=■ checkmark=✓ dagger=† star=* ast=* bullet=• circ=∘ cdot=·
    prime=′ degree=° vert=| lvert=| rvert=| Vert=‖ lVert=‖ rVert=‖ langle=⟨ rangle=⟩
    lfloor=⌊ rfloor=⌋ lceil=⌈ rceil=⌉ lbrace={ rbrace=} lbrack=[ rbrack=] backslash=\\ slash=/
    dots=… ldots=… cdots=… vdots=⋮ ddots=⋱ dotsc=… dotsb=… colon=: imath=ı jmath=ȷ wedge=∧ vee=∨
    """)
# These stand between two things, with room around.
RELATIONS = _signs("""
    times=× div=÷ pm=± mp=∓ oplus=⊕ ominus=⊖ otimes=⊗ odot=⊙ setminus=∖ cup=∪ cap=∩ sqcup=⊔
    land=∧ lor=∨ le=≤ leq=≤ leqslant=≤ ge=≥ geq=≥ geqslant=≥ lt=< gt=> ll=≪ gg=≫ ne=≠ neq=≠ approx=≈
    sim=~ simeq=≃ cong=≅ equiv=≡ propto=∝ asymp=≍ doteq=≐ triangleq=≜ coloneqq=≔ lesssim=≲ gtrsim=≳
    prec=≺ succ=≻ preceq=⪯ succeq=⪰ in=∈ notin=∉ ni=∋ subset=⊂ subseteq=⊆ subsetneq=⊊ supset=⊃
    supseteq=⊇ perp=⊥ parallel=∥ models=⊨ vdash=⊢ Join=⋈ bowtie=⋈ to=→ rightarrow=→
    longrightarrow=→ leftarrow=← longleftarrow=← gets=← leftrightarrow=↔ mapsto=↦ longmapsto=↦
    leadsto=⇝ rightsquigarrow=⇝ Rightarrow=⇒ Longrightarrow=⇒ implies=⇒ Leftarrow=⇐
    Leftrightarrow=⇔ Longleftrightarrow=⇔ iff=⇔ uparrow=↑ downarrow=↓ hookrightarrow=↪
    rightharpoonup=⇀ rightleftharpoons=⇌
    """)
# A word or sign with room behind, as before what it is applied to.
APPLIED = {
    "sum": "∑", "prod": "∏", "coprod": "∐", "int": "∫", "iint": "∬", "oint": "∮", "bigcup": "⋃",
    "bigcap": "⋂", "bigoplus": "⨁", "bigotimes": "⨂",
    **{name: name for name in _names(
        "log ln exp max min arg argmax argmin sup inf lim limsup liminf sin cos tan cot sinh cosh "
        "tanh arcsin arccos arctan det dim ker rank deg gcd Pr mod bmod hom tr"
    )},
}  # fmt: skip
SILENT = _names(
    "left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm "
    "displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits nonumber notag hline "
    "centering noindent mathstrut strut boldmath rm bf it cal mathop mathrel mathbin mathord "
    "relax protect ensuremath cr toprule midrule bottomrule"
)
ROOM = _names("quad qquad enspace thinspace space newline linebreak")
PLAIN = _names(  # commands that show their argument, without its look
    "mathbf boldsymbol bm pmb mathsf mathit mathtt mathnormal underline emph boxed fbox substack "
    "underbrace overbrace mathinner smash textcolor color"
)
TEXT = _names(
    "text textbf textit textrm textsf texttt textsc textnormal textup mathrm operatorname mbox hbox"
)
# Not shown, with an argument.
UNSHOWN = _names(
    "label ref eqref cref Cref autoref pageref cite citep citet hspace vspace phantom vphantom "
    "hphantom mspace kern tag usepackage includegraphics"
)
ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303",
    "bar": "\u0304", "overline": "\u0304", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308",
    "check": "\u030c", "breve": "\u0306", "acute": "\u0301", "grave": "\u0300",
}  # fmt: skip
FRACTIONS = _names("frac dfrac tfrac cfrac nicefrac sfrac")
BINOMIALS = _names("binom tbinom dbinom")
STACKED = {"underset": "_", "overset": "^", "stackrel": "^"}
ALPHABETS = {"mathbb": "DOUBLE-STRUCK", "mathcal": "SCRIPT", "mathscr": "SCRIPT",
              "mathfrak": "FRAKTUR"}  # fmt: skip
KNOWN_COMMANDS = frozenset({
    *SYMBOLS, *RELATIONS, *APPLIED, *SILENT, *ROOM, *PLAIN, *TEXT, *UNSHOWN, *ACCENTS,
    *FRACTIONS, *BINOMIALS, *STACKED, *ALPHABETS, "sqrt", "mid",
})  # fmt: skip
