"""Spell tags, names of notes and papers alike, whether a note, a query or an index names them.

Standard library only: a query loads this module and nothing else that reads notes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from urllib.parse import unquote


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


# Names of notes, and words that are nearly each other


def normalise_name(name: str) -> str:
    """Return the form in which names of notes are compared: `r-to-Q*` is `rtoq`."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(filter(str.isalnum, plain))


def without_accents(text: str) -> str:
    """Return a text without case and accents, as an index has its words."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def is_a_letter_away(one: str, other: str) -> bool:
    """Return whether one letter is missing, too many, another one, or swapped with the next."""
    if len(one) == len(other):
        wrong = [at for at, pair in enumerate(zip(one, other, strict=True)) if len(set(pair)) > 1]
        if len(wrong) == 2:
            first, second = wrong
            return second == first + 1 and one[first : second + 1] == other[second] + other[first]
        return len(wrong) == 1
    short, long = sorted((one, other), key=len)
    return len(long) == len(short) + 1 and any(
        long[:at] + long[at + 1 :] == short for at in range(len(long))
    )


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
    return tuple(dict.fromkeys(identity for _, _, identity in paper_places(text)))


def paper_places(text: str) -> list[tuple[int, int, str]]:
    """Return where identities stand in a text, start and end, with each of them."""
    lowered = text.lower()
    return sorted(
        (match.start(), match.end(), identity)
        for sign, pattern in _SOURCES
        if sign in lowered
        for match in _compiled(pattern).finditer(text)
        if (identity := _identity(match))
    )


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
