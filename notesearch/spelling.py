"""Spell tags, names, papers and section roles alike, in notes, queries and indexes.

Standard library only: a query loads this module and nothing else that reads notes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import cache, lru_cache
from urllib.parse import unquote

from notesearch.records import Role


@cache  # at its first use: to compile all takes 7 ms, and most queries need none
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# Tags

_TAG_MARKS = "-,;:!?'\"`“”‘’()[]{}<>*.~^|\\"


@lru_cache(maxsize=65536)
def normalise_tag(tag: str) -> str:
    """Return the form in which a tag is compared: `RL.Offline_RL` is `rl/offline-rl`."""
    text = unicodedata.normalize("NFD", tag)
    for _ in range(2):  # once is not enough for the few letters whose fold decomposes
        text = unicodedata.normalize("NFKC", text.casefold())
    # A dot between digits is a version (gpt-3.5), any other is hierarchy.
    text = re.sub(r"(?<!\d)\.|\.(?!\d)|::", "/", text)
    words = (re.sub(r"[\s_\-‐‑–—]+", "-", level) for level in text.split("/"))
    # `c#` keeps its sign.
    levels = (level.rstrip(_TAG_MARKS).lstrip(_TAG_MARKS + "#") for level in words)
    return "/".join(filter(None, levels))


def tag_and_parents(normal: str) -> tuple[str, ...]:
    """List a normalised tag and the tags above it: `rl/offline` is found by `rl`."""
    levels = normal.split("/")
    return tuple("/".join(levels[:count]) for count in range(len(levels), 0, -1))


# Names of notes


def normalise_name(name: str) -> str:
    """Return the form in which names of notes are compared: `r-to-Q*` is `rtoq`."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(filter(str.isalnum, plain))


# Papers: every spelling of an identity (version, file ending, mirror) gives the same string.
# No ISBN: many other numbers look like one, and notes on papers do not carry it.

# An identity stands in a word; a longer word is data.
_MAX_VALUE = 2000

_NEW_ARXIV = r"(?P<new>(?:0[7-9]|[1-9]\d)(?:0[1-9]|1[0-2])\.\d{4,5})(?!\d)"
_ARCHIVE = (
    r"(?:astro-ph|cond-mat|gr-qc|hep-(?:ex|lat|ph|th)|math(?:-ph)?|nlin|nucl-(?:ex|th)|physics|"
    r"quant-ph|cs|q-bio|q-fin|stat|eess|econ|cmp-lg|chao-dyn|adap-org|dg-ga|alg-geom)"
)
_OLD_ARXIV = rf"(?P<archive>{_ARCHIVE})(?:\.[A-Z]{{2}})?/(?P<old>\d{{7}})(?!\d)"
_ARXIV = rf"[^\d\n]{{0,40}}?(?:{_NEW_ARXIV}|(?<![a-z-]){_OLD_ARXIV})"
_ACL = r"(?P<acl>[A-Z]\d{2}-\d{4}|\d{4}\.[a-z0-9_]{2,40}(?:-[a-z0-9_]{1,40})?\.\d{1,5})(?!\d)"
_DOI = r"(?P<doi>10\.\d{4,9}(?:/|%2F)[^\s\"<>\[\]{}|`]{1,300})"

# How each source writes its papers, and a sign without which a text is not searched for it. The
# last named group decides how `_identity` reads the match. Gaps are bounded, so that a long line
# costs no more than its length.
_SOURCES = (
    ("iv", rf"(?:arxiv|ar5iv|alphaxiv){_ARXIV}"),
    ("/papers", rf"(?:huggingface|hf)\.co/papers{_ARXIV}"),
    ("10.", rf"(?<![\d.]){_DOI}"),
    (
        "openreview",
        r"openreview\.net/[a-z/]{1,30}\?(?:[a-z]{1,20}=[^\s&]{0,80}&){0,3}id="
        r"(?P<openreview>[\w-]{5,40})",
    ),
    (
        "acl",
        r"acl(?:anthology\.org|web\.org|\.ldc\.upenn\.edu)/{1,2}(?:[\w-]{1,20}/{1,2}){0,4}" + _ACL,
    ),
    (
        "mlr.press",
        r"proceedings\.mlr\.press/v(?P<v>\d{1,4})/(?P<pmlr>[a-z][a-z0-9-]{0,40}\d\d[a-z]?)",
    ),
    ("jmlr.org", r"jmlr\.org/proceedings/papers/v(?P<v>\d{1,4})/(?P<pmlr>[a-z-]{1,40}\d\d[a-z]?)"),
    ("jmlr.org", r"jmlr\.org/papers/v(?:olume)?(?P<v>\d{1,4})/(?P<jmlr>[a-z0-9-]{1,40})"),
    (
        "ips.cc",
        r"(?:papers\.n(?:eur)?ips\.cc|proceedings\.neurips\.cc)/(?:paper_files/)?paper/"
        r"(?:\d{4}/(?:hash|file)/)?(?P<neurips>[0-9a-f]{32}|\d{1,5}(?=-))",
    ),
    ("mlsys", r"proceedings\.mlsys\.org/\S{0,60}?(?P<mlsys>[0-9a-f]{32})"),
    ("thecvf", r"openaccess\.thecvf\.com/(?:[\w.-]{1,60}/){1,6}(?P<cvf>[\w-]{3,200}?)_paper\b"),
    ("ecva", r"ecva\.net/papers/eccv_\d{4}/\w{1,20}/html/(?P<ecva>\d{1,5}_eccvw?_\d{4})"),
    (
        "nature.com",
        r"nature\.com/(?:articles|nature/journal/v\d{1,4}/n\d{1,5}/\w{1,10})/"
        r"(?P<nature>[sd]\d{5}-\d{3}-\d{4,5}-\w|nature\d{4,6})",
    ),
    ("biorxiv", r"biorxiv\.org/content/(?:biorxiv/)?early/\d{4}/\d\d/\d\d/(?P<biorxiv>\d{6})"),
    ("pubmed", r"(?:pubmed\.ncbi\.nlm\.nih\.gov|nih\.gov/pubmed)/(?P<pubmed>\d{4,9})"),
    ("pmid", r"\bpmid:?\s{0,3}(?P<pubmed>\d{4,9})"),
    ("nih.gov", r"nih\.gov/(?:pmc/)?articles/pmc(?P<pmc>\d{4,9})"),
    (
        "ieeexplore",
        r"ieeexplore\.ieee\.org/(?:(?:abstract/)?document/|\S{0,40}?arnumber=)(?P<ieee>\d{4,9})",
    ),
    (
        "usenix",
        r"usenix\.org/conference/"
        r"(?P<usenix>[a-z0-9-]{3,40}/(?:technical-sessions/)?presentation/[a-z0-9_-]{1,60})",
    ),
    (
        "usenix",
        r"usenix\.org/system/files/(?:conference/[a-z0-9]{3,40}/)?(?P<venue>[a-z]{2,30})"
        r"(?P<year>\d\d)-(?:paper-)?(?P<usenix_file>[a-z0-9_\\-]{1,60}?)(?:_\d)?\.pdf",
    ),
    ("semanticscholar", r"semanticscholar\.org/paper/(?:[^\s/]{0,300}/)?(?P<s2>[0-9a-f]{40})"),
)
# Publishers whose own address stands for a DOI, with its prefix.
_DOI_PREFIXES = {"nature": "10.1038", "biorxiv": "10.1101"}

_SCHEME = r"openreview|pmlr|jmlr|neurips|mlsys|cvf|ecva|pubmed|pmc|ieee|usenix|s2"
# An identity alone: typed in a query, or the value of a field.
_ALONE = (
    rf"(?:arxiv:\s?)?(?:{_NEW_ARXIV}|{_OLD_ARXIV})(?:v\d{{1,3}})?(?:\.pdf)?",
    rf"(?:doi:\s?)?{_DOI}",
    rf"(?:acl:\s?)?{_ACL}",
    rf"(?P<scheme>{_SCHEME}):\s?(?P<value>\S{{1,300}})",
)


def normalise_paper(text: str) -> str | None:
    """Read the name of one paper: an identity in any spelling, or a URL."""
    word = text[:_MAX_VALUE].strip(" \t\r\n\u00a0\"'`<>")
    for pattern in _ALONE:
        if match := _compiled(pattern).fullmatch(word):
            return _identity(match)
    return paper_id(text[:_MAX_VALUE])


def paper_id(text: str) -> str | None:
    """Return the first identity in a URL or in prose."""
    return next(iter(paper_ids(text)), None)


def paper_ids(text: str) -> tuple[str, ...]:
    """Return all identities in a URL or in prose, in their order, each once."""
    lowered = text.lower()
    found = (
        (match.start(), identity)
        for sign, pattern in _SOURCES
        if sign in lowered
        for match in _compiled(pattern).finditer(text)
        if (identity := _identity(match))
    )
    return tuple(dict.fromkeys(identity for _, identity in sorted(found)))


def _identity(match: re.Match[str]) -> str | None:
    """Build the identity that a match names, such as `arxiv:2305.18290`."""
    scheme = match.lastgroup or ""
    key = match[scheme]
    if scheme == "value":
        scheme = match["scheme"].lower()
    if scheme == "openreview":
        return f"openreview:{key}"  # the one whose capitals count
    if scheme == "acl":
        return f"acl:{key.upper() if key[0].isalpha() else key.lower()}"
    key = key.lower()
    if scheme == "new":
        # Five digits since January 2015, four before.
        return f"arxiv:{key}" if (len(key) == 10) == (key >= "1501") else None
    if scheme == "old":
        return f"arxiv:{match['archive'].lower()}/{key}"
    if scheme == "doi":
        return _doi(key)
    if scheme == "usenix_file":
        return _usenix_talk(match["venue"].lower(), match["year"], key)
    if scheme in _DOI_PREFIXES:
        return f"doi:{_DOI_PREFIXES[scheme]}/{key}"
    return f"{scheme}:v{match['v']}/{key}" if "v" in match.re.groupindex else f"{scheme}:{key}"


def _doi(written: str) -> str | None:
    doi = unquote(written.replace("&amp;", "&")).replace("\\", "").lower()
    doi = re.split(r"[\s?#&,;]|\)\(|\.html?\b", doi, maxsplit=1)[0]
    doi = _cut_at_unopened_bracket(doi)
    while (bare := _without_page(doi)) != doi:  # one end may follow another: `/pdf/pdf`
        doi = bare
    arxiv = re.fullmatch(rf"10\.48550/arxiv\.(?:{_NEW_ARXIV}|{_OLD_ARXIV})(?:v\d+)?", doi)
    if arxiv:
        return _identity(arxiv)
    return f"doi:{doi}" if not doi.endswith("/") and "/" in doi else None


def _without_page(doi: str) -> str:
    """Cut off the signs of the sentence, and one page or version of the paper's address."""
    doi = doi.rstrip(".,;:!*_'\"’”/")
    doi = re.sub(r"(?:/(?:full|pdf|epdf|abstract|summary|meta|html)|\.pdf)$", "", doi)
    # bioRxiv writes version and page behind its number.
    return re.sub(r"v\d{1,2}(?:\.\w{1,12})*$", "", doi) if doi.startswith("10.1101/") else doi


def _cut_at_unopened_bracket(text: str) -> str:
    depth = 0
    for position, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return text[:position]
    return text


def _usenix_talk(venue: str, year: str, key: str) -> str | None:
    """Build the identity that the page of a talk has from the address of its paper."""
    if key.startswith("final"):
        return None  # numbered, where its page is named after an author
    venue = "usenixsecurity" if venue == "sec" else venue
    sessions = "technical-sessions/" if "12" <= year <= "17" else ""
    talk = key.replace("\\", "").replace("_", "-")
    return f"usenix:{venue}{year}/{sessions}presentation/{talk}"


# Section roles

# A longer heading is a title or a sentence.
MAX_HEADING = 100
# A longer phrase, or one with code in it, is not the sum of its parts.
_MAX_PART_WORDS = 8

# `idea(s)` is idea and ideas. Words of _MODIFIERS are dropped in front, and what `and` joins
# is looked up part by part.
_ROLE_PHRASES = {
    Role.TLDR: """tldr; tl dr; too long did not read; one line summary; one liner; in one sentence;
        one sentence summary; in a nutshell; in short; gist; bottom line; at a glance; elevator
        pitch; summary in one sentence""",
    Role.SUMMARY: """summary; overview; synopsis; summarization; high level overview; executive
        summary; recap; conclusion(s); concluding remarks; what is it about; what is this about;
        what is this paper about; what it is about""",
    Role.ABSTRACT: "abstract; abstract of the paper; original abstract",
    Role.MOTIVATION: """motivation(s); why i picked this up; why i read this; why i read it; why;
        why it matters; why this matters; why does it matter; background; problem(s); problem
        statement; problem definition; problem setting; problem formulation; goal(s); objective(s);
        research question(s); research problem; what problem does it solve; importance;
        significance; what problem is being solved; what problem does this paper solve; aim(s);
        purpose""",
    Role.KEY_IDEAS: """idea(s); big idea; contribution(s); what is new; novelty; novelties;
        innovation(s); key point(s); main points; takeaway(s); take aways; take home message;
        takehome; key notes; keynotes; key concepts; core concepts; insight(s); intuition(s); what
        i learned; what i learnt; lessons; lessons learned; lessons learnt; claims; thesis;
        hypothesis; key facts; key features""",
    Role.METHOD: """method(s); methodology; methodologies; approach; approaches; how it works; how
        does it work; technical detail(s); technical approach; details; model(s); architecture(s);
        model architecture; network architecture; algorithm(s); design; system design;
        implementation; implementation details; solution; formulation; training; training details;
        technique(s); setup; framework; system overview; method details; loss; loss function;
        procedure; formal description; model details; system architecture; mechanism; solution
        approach""",
    Role.RESULTS: """result(s); experiment(s); evaluation(s); finding(s); benchmark(s);
        ablation(s); ablation study; ablation studies; analysis; quantitative results; qualitative
        results; outcome(s); observations""",
    Role.HIGHLIGHTS: """highlight(s); what stood out; what stood out to me; what i liked;
        interesting; interesting points; interesting bits; quotes; favourite quotes; favorite
        quotes; memorable quotes; surprises; surprising; what surprised me; noteworthy;
        annotations; interesting ideas; interesting findings""",
    Role.STRENGTHS: """strength(s); pros; advantage(s); benefits; strong points; positives; merits;
        what is good; the good; likes; upsides""",
    Role.LIMITATIONS: """limitation(s); weaknesses; weakness; weak points; cons; criticism(s);
        critique(s); critical analysis; disadvantage(s); drawback(s); shortcomings; caveats;
        failure cases; failure modes; concerns; issues; what is missing; threats to validity;
        negatives; the bad; downsides; dislikes; what i did not like; pros and cons; strengths and
        weaknesses; advantages and disadvantages; assumptions and limitations""",
    Role.THOUGHTS: """thoughts; my take; question(s); open questions; impression(s); comment(s);
        opinion(s); reflection(s); remark(s); discussion; critical analysis / thoughts; my view; my
        two cents; commentary; verdict; reading reflections; food for thought; unclear points;
        confusions; things i did not understand; follow up questions; discussion points; what i
        think; assessment""",
    Role.RELATED: """related; related work(s); related papers; related notes; related reading;
        related topics; related concepts; connection(s) to my work; connection(s); relation to my
        work; relevance; relevance to my work; prior work; previous work; see also; similar work;
        similar papers; comparison with related work; variants and related concepts; links to other
        papers; how it relates to my work; relation to other work; literature review""",
    Role.NEXT_STEPS: """next step(s); what i am trying next; what is next; what next; what to try
        next; future work(s); future directions; future research; future; follow up(s); todo(s); to
        do; to dos; action items; ideas to try; open problems; extensions; further work; further
        exploration; directions; future research directions; improvements; things to try;
        conclusion(s) and future work; limitations and future work""",
}
_SPELLINGS = (
    ("’", "'"), ("‘", "'"), ("`", "'"), ("&", " and "), ("-", " "),
    ("what's", "what is"), ("i'm", "i am"), ("n't", " not"),
)  # fmt: skip


def _spell(text: str) -> str:
    """Return the spelling in which phrases are looked up."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    for written, meant in _SPELLINGS:
        plain = plain.replace(written, meant)
    return " ".join(plain.split())


def read_phrases(table: str) -> frozenset[str]:
    """Read a table of phrases with semicolons between them; `idea(s)` is two."""
    both = f"{table.replace('(s)', '')};{table.replace('(s)', 's')}"
    return frozenset(" ".join(phrase.split()) for phrase in _spell(both).split(";"))


ROLES = {phrase: role for role, table in _ROLE_PHRASES.items() for phrase in read_phrases(table)}
# Words in front that leave the meaning: "Main results", "My overall impression".
_MODIFIERS = read_phrases(
    """a; additional; any; brief; core; critical; current; detailed; empirical; experimental; few;
    final; general; important; interesting; key; known; main; major; more; my; notable; other; our;
    overall; own; paper; paper's; personal; possible; potential; primary; proposed; quick; random;
    short; some; the; their; theoretical; this"""
)
# Phrases that keep their role before an object: "Limitations of DPO" are limitations, but
# "Design of experiments" and "Discussion of softmax" are about their object.
_BEFORE_OBJECT = read_phrases(
    """limitations; weaknesses; drawbacks; disadvantages; shortcomings; cons; pros and cons;
    caveats; criticism(s); critique; strengths; advantages; benefits; pros; advantages and
    disadvantages; strengths and weaknesses; results; experiments; findings; motivation(s);
    takeaways; main idea; key ideas; key points; contributions; lessons; lessons learned; summary;
    overview; recap; thoughts; reflections; conclusions; highlights; insights; next steps; future
    work; future directions; why"""
)
_OBJECT = r"\s(?:of|on|in|for|with|from|to|about|behind)\s"
_AND = r"\s?[/|,–—+]\s?|:\s|\s-\s|\sand\s|\sor\s"

_NUMBER = (
    r"(?:(?:part|section|step|chapter|question|q)\s)?"
    r"(?:\(?\d{1,3}(?:\.\d{1,3}){0,4}[.):]?|\(?[ivx]{1,5}[.)]|[a-h][.)])"
    r"(?=\s|$|[^\W\d])\s{0,4}[-–—:.]?\s{0,4}"
)
_LINK = r"!?\[([^\[\]]{0,200})\]\([^()\s]{0,400}\)"
_ATTRIBUTES = r"\{[^{}]{0,200}\}$|\s\([^()]{0,200}\)$"
_EMOJI_CODE = r":[a-z0-9_+-]{2,40}:"
_TLDR = r"\btl\s?[;:,./]?\s?dr\b"
_SYMBOLS = frozenset({"So", "Sk", "Mn", "Me", "Cf", "Cc", "Cn", "Co", "Cs"})
_AROUND_PHRASE = " \t#:;.,!?-–—=~>'\"“”[]{}|\\•·"
_TLDR_LINE = r"[\s>*+_#-]{0,20}tl\s?;?\s?dr\b[*_\s]{0,4}(?:[;:.,?!—–-]|\*\*|__|$)"
_CALLOUT = r"[\s>]{0,12}\[!([a-z]{2,20})\]"


def role_of(heading: str) -> Role | None:
    """Return the role that a heading, or a word such as `limitations`, gives to a section."""
    phrase = bare_heading(heading)
    if role := _role_of_phrase(phrase):
        return role
    if heading.lstrip("# ").startswith("["):
        return None  # a link is a title, whatever words are in it
    head = _compiled(_OBJECT).split(phrase, maxsplit=1)[0]
    if head != phrase and without_modifiers(head, _BEFORE_OBJECT):
        return _role_of_phrase(head)
    if "`" in heading or len(phrase.split()) > _MAX_PART_WORDS:
        return None
    found = [_role_of_phrase(part) for part in split_phrase(phrase)]
    if Role.STRENGTHS in found and Role.LIMITATIONS in found:
        return Role.LIMITATIONS  # who asks for these looks for what fails
    return next(filter(None, found), None)


def role_of_line(line: str) -> Role | None:
    """Return the role that a line claims for its paragraph: `tl;dr: text`, `> [!abstract]`."""
    start = line[:MAX_HEADING]
    if _compiled(_TLDR_LINE).match(start):
        return Role.TLDR
    callout = _compiled(_CALLOUT).match(start)
    return ROLES.get(_spell(callout[1])) if callout else None


@lru_cache(maxsize=4096)  # layouts, title and sections ask for the same headings
def bare_heading(heading: str) -> str:
    """Take marks, emoji, number and colon off a heading; "" for one that is too long."""
    if len(heading) > 4 * MAX_HEADING:
        return ""
    text = _compiled(_LINK).sub(r"\1", heading)
    text = _compiled(_EMOJI_CODE).sub(" ", _spell(text).replace("*", "").replace("_", " "))
    text = "".join(char for char in text if unicodedata.category(char) not in _SYMBOLS)
    text = _compiled(_ATTRIBUTES).sub("", text.rstrip(" :")).strip(_AROUND_PHRASE)
    if _compiled(_NUMBER).match(text):
        text = _compiled(_NUMBER).sub("", text, count=1).strip(_AROUND_PHRASE)
    text = _compiled(_TLDR).sub("tldr", text)
    return " ".join(text.split()) if len(text) <= MAX_HEADING else ""


def split_phrase(phrase: str) -> list[str]:
    """Separate the parts of `experiments and results`, `notes / questions`."""
    return _compiled(_AND).split(phrase)


def _role_of_phrase(phrase: str) -> Role | None:
    return ROLES.get(without_modifiers(phrase, ROLES) or "")


def without_modifiers(phrase: str, known: Container[str]) -> str | None:
    """Return the known phrase that is left when modifiers in front are dropped, if there is one."""
    words = phrase.split()
    while words and " ".join(words) not in known:
        if words[0] not in _MODIFIERS:
            return None
        words = words[1:]
    return " ".join(words) or None
