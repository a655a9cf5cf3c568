"""Text in, identities of papers out, such as `arxiv:2305.18290` and `doi:10.1145/3341301`.

Two notes with the same identity are notes on one paper, so every way of writing one leads to
the same string: no version, no file ending, no mirror. Books are left out: an ISBN is ten
digits that many other numbers look like, and notes on papers do not carry it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

# An identity stands in a word; a word beyond this length is data.
_MAX_VALUE = 2000

_NEW_ARXIV = r"(?P<new>(?:0[7-9]|[1-9]\d)(?:0[1-9]|1[0-2])\.\d{4,5})(?!\d)"
_ARCHIVE = (
    r"(?:astro-ph|cond-mat|gr-qc|hep-(?:ex|lat|ph|th)|math(?:-ph)?|nlin|nucl-(?:ex|th)|physics|"
    r"quant-ph|cs|q-bio|q-fin|stat|eess|econ|cmp-lg|chao-dyn|adap-org|dg-ga|alg-geom)"
)
_OLD_ARXIV = rf"(?P<archive>{_ARCHIVE})(?:\.[A-Z]{{2}})?/(?P<number>\d{{7}})(?!\d)"
_ACL = r"(?P<acl>[A-Z]\d{2}-\d{4}|\d{4}\.[a-z0-9_]{2,40}(?:-[a-z0-9_]{1,40})?\.\d{1,5})(?!\d)"
_DOI = r"(?P<doi>10\.\d{4,9}(?:/|%2F)[^\s\"<>\[\]{}|`]{1,300})"


def _arxiv(match: re.Match[str]) -> str | None:
    if match["new"] is None:
        return f"arxiv:{match['archive'].lower()}/{match['number']}"
    month, _, number = match["new"].partition(".")
    # Five digits since January 2015, four before.
    return f"arxiv:{match['new']}" if (len(number) == 5) == (month >= "1501") else None


_AROUND_DOI = ".,;:!*_'\"’”/"


def _doi(match: re.Match[str]) -> str | None:
    doi = unquote(match["doi"].replace("&amp;", "&")).replace("\\", "").lower()
    doi = re.split(r"[\s?#&,;]|\)\(|\.html?\b", doi, maxsplit=1)[0]
    doi = _close_brackets(doi)
    while (bare := _without_page(doi)) != doi:  # what is cut off may bare another: `/pdf/pdf`
        doi = bare
    arxiv = re.fullmatch(rf"10\.48550/arxiv\.(?:{_NEW_ARXIV}|{_OLD_ARXIV})(?:v\d+)?", doi)
    if arxiv is not None:
        return _arxiv(arxiv)
    return f"doi:{doi}" if not doi.endswith("/") and "/" in doi else None


def _without_page(doi: str) -> str:
    """Cut off what belongs to the sentence, and one page or version of the paper's address."""
    doi = doi.rstrip(_AROUND_DOI)
    doi = re.sub(r"(?:/(?:full|pdf|epdf|abstract|summary|meta|html)|\.pdf)$", "", doi)
    # bioRxiv writes version and page behind its number.
    return re.sub(r"v\d{1,2}(?:\.\w{1,12})*$", "", doi) if doi.startswith("10.1101/") else doi


def _acl(match: re.Match[str]) -> str | None:
    old = match["acl"][0].isalpha()
    return f"acl:{match['acl'].upper() if old else match['acl'].lower()}"


def _named(match: re.Match[str]) -> str | None:
    """Build the identity from the one group that matched: its name is the scheme."""
    scheme = match.lastgroup or ""
    value = match[scheme]
    return f"{scheme}:{value if scheme == 'openreview' else value.lower()}"


def _volume(scheme: str) -> Callable[[re.Match[str]], str | None]:
    return lambda match: f"{scheme}:v{match['volume']}/{match['key'].lower()}"


def _registered(prefix: str) -> Callable[[re.Match[str]], str | None]:
    """Build the DOI that a publisher's own address stands for."""
    return lambda match: f"doi:{prefix}/{match['key'].lower()}"


def _usenix_file(match: re.Match[str]) -> str | None:
    """Build the identity that the page of a talk has from the address of its paper."""
    if match["key"].lower().startswith("final"):
        return None  # numbered, where its page is named after an author
    venue = {"sec": "usenixsecurity"}.get(match["venue"].lower(), match["venue"].lower())
    sessions = "technical-sessions/" if "12" <= match["year"] <= "17" else ""
    key = match["key"].lower().replace("\\", "").replace("_", "-")
    return f"usenix:{venue}{match['year']}/{sessions}presentation/{key}"


# Each source once: a sign without which a text is not searched, how it is written, and how its
# identity is built. Gaps are bounded, so that a long line costs no more than its length.
_SOURCES: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = tuple(
    (sign, re.compile(pattern, re.IGNORECASE), build)
    for sign, pattern, build in (
        (
            "iv",
            r"(?:arxiv|ar5iv|alphaxiv)[^\d\n]{0,40}?"
            rf"(?:{_NEW_ARXIV}|(?<![a-z-]){_OLD_ARXIV})",
            _arxiv,
        ),
        (
            "/papers",
            r"(?:huggingface|hf)\.co/papers[^\d\n]{0,40}?"
            rf"(?:{_NEW_ARXIV}|(?<![a-z-]){_OLD_ARXIV})",
            _arxiv,
        ),
        ("10.", rf"(?<![\d.]){_DOI}", _doi),
        (
            "openreview",
            r"openreview\.net/[a-z/]{1,30}\?(?:[a-z]{1,20}=[^\s&]{0,80}&){0,3}id="
            r"(?P<openreview>[\w-]{5,40})",
            _named,
        ),
        (
            "acl",
            rf"acl(?:anthology\.org|web\.org|\.ldc\.upenn\.edu)/{{1,2}}(?:[\w-]{{1,20}}/{{1,2}}){{0,4}}{_ACL}",
            _acl,
        ),
        (
            "mlr.press",
            r"proceedings\.mlr\.press/v(?P<volume>\d{1,4})/(?P<key>[a-z][a-z0-9-]{0,40}\d\d[a-z]?)",
            _volume("pmlr"),
        ),
        (
            "jmlr.org",
            r"jmlr\.org/proceedings/papers/v(?P<volume>\d{1,4})/(?P<key>[a-z-]{1,40}\d\d[a-z]?)",
            _volume("pmlr"),
        ),
        (
            "jmlr.org",
            r"jmlr\.org/papers/v(?:olume)?(?P<volume>\d{1,4})/(?P<key>[a-z0-9-]{1,40})",
            _volume("jmlr"),
        ),
        (
            "ips.cc",
            r"(?:papers\.n(?:eur)?ips\.cc|proceedings\.neurips\.cc)/(?:paper_files/)?paper/"
            r"(?:\d{4}/(?:hash|file)/)?(?P<neurips>[0-9a-f]{32}|\d{1,5}(?=-))",
            _named,
        ),
        ("mlsys", r"proceedings\.mlsys\.org/\S{0,60}?(?P<mlsys>[0-9a-f]{32})", _named),
        (
            "thecvf",
            r"openaccess\.thecvf\.com/(?:[\w.-]{1,60}/){1,6}(?P<cvf>[\w-]{3,200}?)_paper\b",
            _named,
        ),
        (
            "ecva",
            r"ecva\.net/papers/eccv_\d{4}/\w{1,20}/html/(?P<ecva>\d{1,5}_eccvw?_\d{4})",
            _named,
        ),
        (
            "nature.com",
            r"nature\.com/(?:articles|nature/journal/v\d{1,4}/n\d{1,5}/\w{1,10})/"
            r"(?P<key>[sd]\d{5}-\d{3}-\d{4,5}-\w|nature\d{4,6})",
            _registered("10.1038"),
        ),
        (
            "biorxiv",
            r"biorxiv\.org/content/(?:biorxiv/)?early/\d{4}/\d\d/\d\d/(?P<key>\d{6})",
            _registered("10.1101"),
        ),
        ("pubmed", r"(?:pubmed\.ncbi\.nlm\.nih\.gov|nih\.gov/pubmed)/(?P<pubmed>\d{4,9})", _named),
        ("pmid", r"\bpmid:?\s{0,3}(?P<pubmed>\d{4,9})", _named),
        ("nih.gov", r"nih\.gov/(?:pmc/)?articles/pmc(?P<pmc>\d{4,9})", _named),
        (
            "ieeexplore",
            r"ieeexplore\.ieee\.org/(?:(?:abstract/)?document/|\S{0,40}?arnumber=)(?P<ieee>\d{4,9})",
            _named,
        ),
        (
            "usenix",
            r"usenix\.org/conference/(?P<usenix>[a-z0-9-]{3,40}/"
            r"(?:technical-sessions/)?presentation/[a-z0-9_-]{1,60})",
            _named,
        ),
        (
            "usenix",
            r"usenix\.org/system/files/(?:conference/[a-z0-9]{3,40}/)?"
            r"(?P<venue>[a-z]{2,30})(?P<year>\d\d)-(?:paper-)?(?P<key>[a-z0-9_\\-]{1,60}?)(?:_\d)?\.pdf",
            _usenix_file,
        ),
        (
            "semanticscholar",
            r"semanticscholar\.org/paper/(?:[^\s/]{0,300}/)?(?P<s2>[0-9a-f]{40})",
            _named,
        ),
    )
)

_CANONICAL = re.compile(
    r"(openreview|pmlr|jmlr|neurips|mlsys|cvf|ecva|pubmed|pmc|ieee|usenix|s2):\s?(\S{1,300})",
    re.IGNORECASE,
)
_BARE = tuple(
    (re.compile(pattern, re.IGNORECASE), build)
    for pattern, build in (
        (rf"(?:arxiv:\s?)?(?:{_NEW_ARXIV}|{_OLD_ARXIV})(?:v\d{{1,3}})?(?:\.pdf)?", _arxiv),
        (rf"(?:doi:\s?)?{_DOI}", _doi),
        (rf"(?:acl:\s?)?{_ACL}", _acl),
    )
)


def paper_id(text: str) -> str | None:
    """Find the first identity in a URL or in prose."""
    return next(iter(paper_ids(text)), None)


def paper_ids(text: str) -> tuple[str, ...]:
    """Find all identities in a URL or in prose, in their order, each once."""
    lowered = text.lower()
    found = (
        (match.start(), identity)
        for sign, pattern, build in _SOURCES
        if sign in lowered
        for match in pattern.finditer(text)
        if (identity := build(match)) is not None
    )
    return tuple(dict.fromkeys(identity for _, identity in sorted(found)))


PAPER_KEYS = (
    "arxiv", "arxiv_id", "arxivid", "arxiv_url", "arxiv_link", "eprint", "doi", "openreview",
    "openreview_id", "acl", "acl_id", "anthology", "pmid", "pubmed", "paper", "paper_id",
    "paper_url", "paper_link", "url", "link", "links", "pdf", "pdf_url", "source", "source_url",
    "href", "external_url",
)  # fmt: skip
"""Front-matter keys that may name the paper, the most telling first."""


def paper_id_from_value(key: str, value: object) -> str | None:
    """Read the identity from a front-matter key and its value; None for any other key."""
    name = re.sub(r"[\s-]+", "_", key.strip().casefold()) if len(key) <= 40 else ""
    if name not in PAPER_KEYS:
        return None
    for text in _texts(value):
        identity = normalise_paper(text)
        if identity is None and name.startswith("openreview"):
            identity = f"openreview:{text}" if re.fullmatch(r"[\w-]{5,40}", text) else None
        if identity is None and name in ("pmid", "pubmed"):
            identity = f"pubmed:{text}" if re.fullmatch(r"[0-9]{4,9}", text) else None
        if identity is not None:
            return identity
    return None


def normalise_paper(text: str) -> str | None:
    """Read what a user types for a paper: an identity in any spelling, or a URL."""
    word = text[:_MAX_VALUE].strip(" \t\r\n\u00a0\"'`<>")
    for pattern, build in _BARE:
        if (match := pattern.fullmatch(word)) is not None:
            return build(match)
    if (match := _CANONICAL.fullmatch(word)) is not None:
        scheme, value = match[1].lower(), match[2]
        return f"{scheme}:{value if scheme == 'openreview' else value.lower()}"
    return paper_id(text[:_MAX_VALUE])


def year_from_id(identity: str) -> int | None:
    """Read the year that an identity carries: `arxiv:2305.18290` is of 2023."""
    scheme, _, value = identity.partition(":")
    patterns = {
        "arxiv": r"(?:[a-z-]{2,10}/)?(\d\d)\d\d.*",
        "acl": r"(?:[A-Z](\d\d)-|(\d{4})\.).*",
        "pmlr": r"v\d{1,4}/.{1,40}?(\d\d)[a-z]?",
        "jmlr": r"v\d{1,4}/.{1,40}?(\d\d)[a-z]?",
        "cvf": r".{1,200}_(\d{4})",
        "ecva": r".{1,200}_(\d{4})",
        "usenix": r"[a-z-]{2,30}(\d\d)/.*",
    }
    match = re.fullmatch(patterns[scheme], value) if scheme in patterns else None
    if match is None:
        return None
    year = int(next(group for group in match.groups() if group))
    if year >= 1000:
        return year
    return 2000 + year if year < 60 else 1900 + year


# One level of round brackets may stand in an address, as in …/Foo_(bar).
_URL = re.compile(
    r"https?://(?:[^\s<>\"`{}|()\[\]，。；（）【】「」、《》]+|\([^\s<>\"`{}|()\[\]]*\))+",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def links(text: str) -> tuple[str, ...]:
    """Find the http(s) addresses of a text, in their order, each once."""
    found = (_trim_url(match[0]) for match in _URL.finditer(text))
    return tuple(dict.fromkeys(url for url in found if not url.endswith("//")))


def _trim_url(url: str) -> str:
    """Take off what belongs to the sentence: the full stop, quotes, emphasis, escapes."""
    return _ESCAPED.sub(r"\1", url.replace("&amp;", "&")).rstrip(".,;:!?'\"*_~\\’”»…")


def _close_brackets(text: str) -> str:
    """Cut a text before the first closing round bracket that was never opened."""
    depth = 0
    for position, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return text[:position]
    return text


def _texts(value: object) -> Iterator[str]:
    """List the texts of a front-matter value: itself, or the items of a list."""
    for item in value[:100] if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield item
        elif isinstance(item, bool):
            continue
        elif isinstance(item, int) and 0 <= item < 10**12:
            yield str(item)
        elif isinstance(item, float) and 700 < item < 9999.99999:
            # YAML reads `arxiv: 2305.18290` as a number and loses the last zero.
            yield f"{item:.5f}" if item >= 1501 else f"{item:09.4f}"


# `Paper:`, `**Link to the paper** - `, `[Paper](`, but no `paper by the name of`.
_LABEL = re.compile(
    r"^[\W_]{0,6}(?:paper|link|url|arxiv|pdf|doi|source|original|openreview|reference)s?(?![^\W_])"
    r"(?:\s(?:link|url|pdf|page|id|paper|title|to|the|source)s?\b){0,3}"
    r"[\s*_]{0,4}(?:[:|=/()\[\]<>&+,.–—]|-\s|https?:|\d{4}|10\.\d|$)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://\S+|\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)?\)")
# `[Paper](url) [Code](url)` and `Venue 2024, arXiv:2410.01201`, but no sentence.
_MAX_WORDS_BESIDE = 6
_MAX_NAMES = 60
_PARTICLES = frozenset({"and", "et", "al", "de", "del", "der", "den", "di", "da", "van", "von",
    "la", "le", "in", "of", "on", "the", "for"})  # fmt: skip


def is_paper_line(line: str) -> bool:
    """Tell a line that gives a paper's address from prose, or a bullet, that cites another."""
    if _LABEL.match(line) or line.startswith("#"):
        return True
    if line.lstrip().startswith(("- ", "* ", "+ ")):
        return False
    words = _ADDRESS.sub(" ", line).split()
    return len(words) <= _MAX_WORDS_BESIDE or _are_names(words)


def _are_names(words: Sequence[str]) -> bool:
    """Tell `Olsson, Elhage et al. · 2022 · arXiv:2209.11895` from a sentence by its capitals."""
    small = [word for word in words if word[0].islower() and not word.lower().startswith("arxiv:")]
    return len(words) <= _MAX_NAMES and all(word.strip(".,") in _PARTICLES for word in small)
