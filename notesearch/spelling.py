"""A heading in, its role out: what a section is for, so that it can be asked for alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import lru_cache

from notesearch.records import Role

# A longer heading is a title or a sentence.
_MAX_HEADING = 100

_ROLE_PHRASES: dict[Role, str] = {
    Role.TLDR: """
        tldr; tl dr; too long didn't read; one-line summary; one line summary; one-liner; in one
        sentence; one-sentence summary; one sentence summary; in a nutshell; in short; the gist;
        gist; bottom line; summary in one sentence; elevator pitch; at a glance
    """,
    Role.SUMMARY: """
        summary; overview; synopsis; summarization; high-level overview; executive summary;
        recap; conclusion; conclusions; concluding remarks; summary and conclusion; what is it
        about; what is this about; what is this paper about; what it is about
    """,
    Role.ABSTRACT: """
        abstract; abstract of the paper; original abstract
    """,
    Role.MOTIVATION: """
        motivation; motivations; why i picked this up; why i read this; why i read it; why; why
        it matters; why this matters; why does it matter; background and motivation; background;
        problem; problems; problem statement; problem definition; problem setting; problem
        formulation; the problem; goal; goals; objective; objectives; research question;
        research questions; research problem; what problem does it solve; importance;
        significance; what problem is being solved; what problem does this paper solve; aim;
        aims; purpose
    """,
    Role.KEY_IDEAS: """
        ideas; idea; key idea; key ideas; main idea; core idea; core ideas; big idea;
        contributions; contribution; what's new; what is new; novelty; novelties; innovations;
        innovation; key points; main points; key point; key takeaways; takeaways; takeaway; take
        aways; take-aways; take home message; take-home message; takehome; key notes; keynotes;
        key concepts; core concepts; key insight; key insights; insight; insights; intuition;
        intuitions; what i learned; what i learnt; lessons; lessons learned; lessons learnt;
        claims; main claims; thesis; hypothesis; key facts; key features
    """,
    Role.METHOD: """
        method; methods; methodology; methodologies; approach; approaches; how it works; how
        does it work; technical details; technical detail; technical approach; details; model;
        models; architecture; architectures; model architecture; network architecture;
        algorithm; algorithms; design; system design; implementation; implementation details;
        design and implementation; solution; the solution; formulation; training; training
        details; technique; techniques; setup; experimental setup; framework; system overview;
        method details; loss; loss function; procedure; formal description; model details;
        system architecture; mechanism; solution approach
    """,
    Role.RESULTS: """
        result; results; experiment; experiments; evaluation; evaluations; experiments and
        results; empirical results; findings; finding; benchmark; benchmarks; ablation;
        ablations; ablation study; ablation studies; analysis; empirical evaluation; results and
        discussion; quantitative results; qualitative results; outcome; outcomes; experimental
        evaluation; observations
    """,
    Role.HIGHLIGHTS: """
        highlights; highlight; what stood out; what stood out to me; what i liked; interesting;
        interesting points; interesting bits; quotes; notable quotes; favourite quotes; favorite
        quotes; memorable quotes; surprises; surprising; what surprised me; noteworthy;
        annotations; interesting ideas; interesting findings
    """,
    Role.STRENGTHS: """
        strengths; strength; pros; advantages; advantage; benefits; strong points; positives;
        merits; what is good; the good; what's good; likes; upsides
    """,
    Role.LIMITATIONS: """
        limitations; limitation; weaknesses; weakness; weak points; cons; criticism; criticisms;
        critique; critiques; critical analysis; disadvantages; disadvantage; drawbacks;
        drawback; shortcomings; caveats; failure cases; failure modes; concerns; issues; what's
        missing; what is missing; threats to validity; negatives; the bad; downsides; dislikes;
        what i did not like; what i didn't like; pros and cons; strengths and weaknesses;
        strengths and limitations; advantages and disadvantages; benefits and drawbacks;
        pros/cons; assumptions and limitations
    """,
    Role.THOUGHTS: """
        thoughts; my thoughts; my take; questions; question; open questions; my questions;
        overall impression; impression; impressions; comments; comment; opinion; opinions;
        reflections; reflection; remarks; remark; discussion; critical analysis / thoughts; my
        view; my opinion; my comments; my two cents; commentary; verdict; reading reflections;
        food for thought; unclear points; confusions; things i did not understand; things i
        didn't understand; follow-up questions; discussion points; what i think; assessment
    """,
    Role.RELATED: """
        related; related work; related works; related papers; related notes; related reading;
        related topics; related concepts; connection to my work; connections to my work;
        connection; connections; relation to my work; relevance; relevance to my work; prior
        work; previous work; see also; similar work; similar papers; comparison with related
        work; variants and related concepts; links to other papers; how it relates to my work;
        relation to other work; literature review
    """,
    Role.NEXT_STEPS: """
        next steps; next step; what i'm trying next; what i am trying next; what's next; what
        next; what to try next; future work; future works; future directions; future research;
        future; follow up; follow-up; follow ups; follow-ups; todo; to do; to-do; todos; action
        items; ideas to try; open problems; extensions; further work; further exploration;
        directions; possible extensions; future research directions; improvements; things to
        try; conclusions and future work; conclusion and future work; limitations and future
        work
    """,
}


def _spell(text: str) -> str:
    """Bring a phrase to the spelling that the table is looked up with."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    for written, meant in (("’", "'"), ("‘", "'"), ("`", "'"), ("&", " and "), ("-", " ")):
        plain = plain.replace(written, meant)
    return " ".join(plain.split())


def _phrases(text: str) -> frozenset[str]:
    """Read the phrases of a table, which semicolons part."""
    return frozenset(_spell(phrase) for phrase in text.split(";"))


_ROLES = {phrase: role for role, text in _ROLE_PHRASES.items() for phrase in _phrases(text)}

# Words in front that leave the meaning: "Main results", "My overall impression".
_MODIFIERS_TEXT = """
a additional any brief core critical current detailed empirical experimental few final general
important interesting key known main major more my notable other our overall own paper paper's
personal possible potential primary proposed quick random short some the their  theoretical this
"""
_MODIFIERS = frozenset(_MODIFIERS_TEXT.split())
_OBJECT = re.compile(r"\s(?:of|on|in|for|with|from|to|about|behind)\s")
# Heads that keep their role before an object: "Limitations of DPO" are limitations, but
# "Design of experiments" and "Discussion of softmax" are about their object.
_HEADS_WITH_OBJECT = _phrases("""
    limitations; weaknesses; drawbacks; disadvantages; shortcomings; cons; pros and cons;
    caveats; criticism; criticisms; critique; strengths; advantages; benefits; pros;
    advantages and disadvantages; strengths and weaknesses; results; experiments; findings;
    motivation; motivations; takeaways; key takeaways; key ideas; main idea; key points;
    contributions; lessons; lessons learned; summary; overview; recap; thoughts; my thoughts;
    reflections; conclusions; highlights; insights; next steps; future work; future
    directions; why
""")
_PARTS = re.compile(r"\s?[/|,–—+]\s?|:\s|\s-\s|\sand\s|\sor\s")
# A longer heading, or one with code in it, is not the sum of its parts.
_MAX_PART_WORDS = 8

GENERIC_HEADINGS = _phrases("""
    paper; papers; notes; note; introduction; intro; preface; preamble; contents; table of
    contents; toc; outline; index; references; reference; bibliography; citation; citations;
    cite; bibtex; links; link; resources; further reading; references and further reading;
    additional resources; additional notes; appendix; appendices; acknowledgements;
    acknowledgments; metadata; meta; info; information; paper info; paper information; title;
    paper title; authors; author; venue; year; date; tags; keywords; topics; categories;
    figures; figure; tables; table; images; image; code; code example; code examples; example;
    examples; data; dataset; datasets; definition; definitions; glossary; terminology;
    vocabulary; new vocabulary; preliminaries; notation; paper structure outline; structure;
    rough chapter-wise notes; reading notes; paper notes; paper summary; paper review; paper
    summaries; paper reviews; readme; untitled; new note; template; main; home; log; changelog;
    license; misc; miscellaneous; other; others; footnotes; footnote; source; sources; pdf;
    download; abstract and introduction; description; explanation; theory; concepts; concept;
    main text; body; content; part; chapter; section; lecture summary; day; week; today; this
    week; links and references; references and links; updates; update; news; to read; reading
    list; faq; final remarks; equations; math; mathematical formulation; proof; proofs;
    visualization; media; video; slides
""")

_SECTION_NAMES = GENERIC_HEADINGS | _ROLES.keys()

_NUMBERING = re.compile(
    r"(?:(?:part|section|step|chapter|question|q)\s)?(?:\(?\d{1,3}(?:\.\d{1,3}){0,4}[.):]?|\(?[ivx]{1,5}[.)]|[a-h][.)])"
    r"(?=\s|$|[^\W\d])\s{0,4}[-–—:.]?\s{0,4}",
    re.IGNORECASE,
)
_LINK = re.compile(r"!?\[([^\[\]]{0,200})\]\([^()\s]{0,400}\)")
_ATTRIBUTES = re.compile(r"\{[^{}]{0,200}\}$|\s\([^()]{0,200}\)$")
_EMOJI_CODE = re.compile(r":[a-z0-9_+-]{2,40}:")
_TLDR = re.compile(r"\btl\s?[;:,./]?\s?dr\b")


def role_of(heading: str) -> Role | None:
    """Find the role that a heading gives to its section, if it gives one."""
    phrase = _phrase(heading)
    if not phrase:
        return None
    if (role := _role_of_phrase(phrase)) is not None:
        return role
    if heading.lstrip("# ").startswith("["):
        return None  # a link is a title, whatever words are in it
    head = _OBJECT.split(phrase, maxsplit=1)[0]
    if head != phrase and _without_modifiers(head, _HEADS_WITH_OBJECT) is not None:
        return _role_of_phrase(head)
    if "`" in heading or len(phrase.split()) > _MAX_PART_WORDS:
        return None
    return _role_of_parts(phrase)


def _role_of_parts(phrase: str) -> Role | None:
    """Find the first role among the parts of `Experiments & results`, `Notes / Questions`."""
    found = [_role_of_phrase(part) for part in _PARTS.split(phrase)]
    if Role.STRENGTHS in found and Role.LIMITATIONS in found:
        return Role.LIMITATIONS  # who asks for these looks for what fails
    return next((role for role in found if role is not None), None)


@lru_cache(maxsize=4096)
def is_generic_heading(heading: str) -> bool:
    """Say whether a heading names a section (Summary, References, 2018-03), not a paper."""
    from notesearch.corpus.facts.dates import parse_date

    if len(heading) > _MAX_HEADING:
        return False
    phrase = _phrase(heading)
    if not phrase or parse_date(_BRACKETS_AT_END.sub("", heading.strip("# "))) is not None:
        return True
    return _is_section_name(phrase) or all(map(_is_section_name, _PARTS.split(phrase)))


_TLDR_LINE = re.compile(
    r"[\s>*+_#-]{0,20}tl\s?;?\s?dr\b[*_\s]{0,4}(?:[;:.,?!—–-]|\*\*|__|$)", re.IGNORECASE
)
_CALLOUT = re.compile(r"[\s>]{0,12}\[!([a-z]{2,20})\]", re.IGNORECASE)


def role_of_line(line: str) -> Role | None:
    """Find the role that a line claims for its own paragraph: `tl;dr: text`, `> [!abstract]`."""
    start = line[:_MAX_HEADING]
    if _TLDR_LINE.match(start):
        return Role.TLDR
    callout = _CALLOUT.match(start)
    return _ROLES.get(_spell(callout[1])) if callout else None


@lru_cache(maxsize=4096)  # asked for by layout, title and sections in turn
def _phrase(heading: str) -> str:
    """Take the marks, emoji, number and colon off a heading; "" when it is too long."""
    if len(heading) > 4 * _MAX_HEADING:
        return ""
    text = _LINK.sub(r"\1", heading)
    text = _EMOJI_CODE.sub(" ", _spell(text).replace("*", "").replace("_", " "))
    text = "".join(char for char in text if unicodedata.category(char) not in _SYMBOLS)
    text = _strip_marks(_ATTRIBUTES.sub("", text.rstrip(" :")))
    text = _strip_marks(_NUMBERING.sub("", text, count=1)) if _NUMBERING.match(text) else text
    text = _TLDR.sub("tldr", text)
    return " ".join(text.split()) if len(text) <= _MAX_HEADING else ""


_BRACKETS_AT_END = re.compile(r"\s\([^()]{0,60}\)$")
_SYMBOLS = frozenset({"So", "Sk", "Mn", "Me", "Cf", "Cc", "Cn", "Co", "Cs"})


def _strip_marks(text: str) -> str:
    return text.strip(" \t#:;.,!?-–—=~>'\"“”[]{}|\\•·")


def _role_of_phrase(phrase: str) -> Role | None:
    known = _without_modifiers(phrase, _ROLES)
    return None if known is None else _ROLES[known]


def _is_section_name(phrase: str) -> bool:
    return _without_modifiers(phrase, _SECTION_NAMES) is not None


def _without_modifiers(phrase: str, known: Container[str]) -> str | None:
    """Find the known phrase that is left when modifiers in front are dropped, if one is."""
    words = phrase.split()
    while words and " ".join(words) not in known:
        if words[0] not in _MODIFIERS:
            return None
        words = words[1:]
    return " ".join(words) or None
