"""Find the tags of a note, as they were written: in fields, lines, prose and folders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from notesearch.corpus.facts.dates import date_from_folders
from notesearch.corpus.markdown_lines import LINK, mend_fences
from notesearch.corpus.search_text import word_set
from notesearch.spelling import normalise_tag

# A longer line is prose; the longest list of tags seen has 600 characters.
_MAX_LINE = 4000
# A longer tag is a sentence; the longest seen has 60 characters.
_MAX_TAG = 200


TAG_KEYS = word_set(
    "tags tag keywords keyword topics topic categories category areas area subjects subject "
    "labels label filetags roam_tags hugo_tags hugo_categories task tasks"
)
"""Keys of front matter whose values are tags, in lower case."""

# Folders, normalised and without a plural `s`, that name a kind of files and no topic.
_CONTAINER_FOLDERS = word_set(
    "archive article asset attachment blog blog-post collection comment content corpus data doc "
    "document draft en figure file img image inbox index library literature literature-note main "
    "markdown md media misc miscellaneous mixed note notebook obsidian org other page paper "
    "paper-note paper-review paper-summaries pdf permanent pic post public raw reading "
    "reading-list reading-note research-paper reference reference-note resource review site source "
    "src static summaries summary template temp tmp todo unread unsorted untitled vault wiki "
    "zettelkasten"
)
_QUOTES = "\"'`“”‘’«»"
_ORG_LINK = re.compile(r"\[\[([^\[\]]*)\](?:\[([^\[\]]*)\])?\]")
# `[[a]] [[id:1][b, c]], d` is a, "b, c" and d.
_LINK_OR_TEXT = re.compile(_ORG_LINK.pattern + r"|(?:(?!\[\[)[^,])+")


# Only marks stand before the key of a field or the first hashtag of a line.
_TAG_SIGN = re.compile(
    r"[^a-z#]{0,60}(?:#|tag|key|index|topic|categor|area|subject|label)", re.IGNORECASE
)
_BULLET_TAG = re.compile(r"^\s*[-*+]\s+#?([\w/.-]+(?: [\w/.-]+){0,3})\s*$")
# The hashtags behind the words of a heading: org's `* Title :a:b:` is read as these.
_HEADING_TAGS = re.compile(r"^#{1,6}\s.*?\S((?:\s+#[^\W\d_][\w/-]*)+)\s*$")
_LONGEST_TAG_LINE = 600


def find_tags(
    fields: Mapping[str, object], markup: Sequence[str], *, inline_tags: bool
) -> tuple[str, ...]:
    """Find the tags of a note's front matter and lines; of its prose only with `inline_tags`."""
    found = [tag for key in fields if key in TAG_KEYS for tag in tags_from_value(fields[key])]
    bullets_follow = False
    fenced = False
    for line in mend_fences(markup):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if bullets_follow and line.strip():
            bullet = _BULLET_TAG.match(line)
            bullets_follow = bullet is not None
            if bullet:
                found.append(bullet[1])
                continue
        is_hashed = inline_tags and "#" in line
        if fenced or len(line) > _LONGEST_TAG_LINE or not (is_hashed or _TAG_SIGN.match(line)):
            continue
        tags = tags_from_line(line)
        bullets_follow = tags == ()
        if tags is not None:
            found += tags
        elif inline_tags:
            found += inline_hashtags(line)
        elif behind := _HEADING_TAGS.match(line):
            found += inline_hashtags(behind[1])
    return unique_tags(found)


def tags_from_value(value: object) -> tuple[str, ...]:
    """Read the tags of a front-matter value, in their order, each once.

    A list's items stay whole; a text is cut at its commas, or else at its spaces. Under a key
    (`task: [detection]`) a tag stands below the key: `task/detection`.
    """
    if isinstance(value, str):
        return unique_tags(_split_tags(value))
    return unique_tags(map(_clean_tag, _texts(value)))


def _texts(value: object) -> Iterator[str]:
    """Yield the texts of a value, which no reader of front matter nests without end."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            below = [f"{key}/{text}" for text in _texts(item) if text]
            yield from below or _texts(key)
    elif isinstance(value, date):
        yield value.isoformat()
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield str(value)


def _split_tags(text: str, *, at_spaces: bool = True) -> list[str]:
    """Cut a text that lists tags: at links, commas, semicolons, bars, or else at spaces."""
    text = text.strip(" \t\r\n\u00a0\ufeff")
    if text.startswith("[") and text.endswith("]") and not _ORG_LINK.search(text):
        text = text[1:-1]
    separator = next((sign for sign in ",，、;|•·" if sign in text), None)
    if _ORG_LINK.search(text):
        parts = [part[0] for part in _LINK_OR_TEXT.finditer(text)]
    elif separator:
        parts = _split_at(text, separator)
    elif text.startswith("#") and text.count("#") > 1:
        parts = re.split(r"(?<!\S)#|(?<=\w)#(?=\w)", text)
    elif at_spaces or text[:1] in _QUOTES:
        parts = re.findall(r"\"[^\"]*\"|'[^']*'|`[^`]*`|\S+", text)
    else:
        parts = [text]
    return [tag for tag in map(_clean_tag, parts) if tag]


def _split_at(text: str, separator: str) -> list[str]:
    """Cut at a separator that does not stand inside a quoted item."""
    if not any(quote in text for quote in "\"'"):
        return text.split(separator)
    item = rf"\s*(?:(\"[^\"]*\"|'[^']*')\s*|([^{separator}]*))(?:{separator}|$)"
    return [match[1] or match[2] or "" for match in re.finditer(item, text)]


def _clean_tag(text: str) -> str:
    """Take quotes, hash, emphasis and link marks off one tag; "" when no tag is left."""
    text = " ".join(text.replace("\u200b", "").replace("\ufeff", "").split())
    if link := _ORG_LINK.fullmatch(text):
        text = link[2] or link[1].partition("|")[0]
    elif link := LINK.fullmatch(text):
        text = link[1]
    text = text.strip(_QUOTES + " *,;[]{}")
    text = text.lstrip("\\#").strip(_QUOTES + " *,;")
    return text if len(text) <= _MAX_TAG and any(map(str.isalnum, text)) else ""


def unique_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Drop the tags that compare alike to an earlier one."""
    first: dict[str, str] = {}
    for tag in tags:
        if normal := normalise_tag(tag):
            first.setdefault(normal, tag)
    return tuple(first.values())


_LINE_PREFIX = re.compile(r"(?:[\s>]|[-*+]\s|\d{1,3}[.)]\s){0,12}")
_FIELD = re.compile(
    r"(?P<mark>#{1,6}\s|\*\*|__|\*|_|\[)?\s?[^\w\s*#\[\"'(]{0,3}\s?"
    r"(?P<key>tags?|key-?\s?words?|index terms|topics?|categor(?:y|ies)|areas?)"
    r"\s?(?P<close>\*\*|__|\*|_)?\s{0,3}(?P<colon>::?|：|$)(?P<value>.*)",
    re.IGNORECASE,
)
_ORG_KEYWORD = re.compile(
    r"#\+(?:filetags|roam_tags|hugo_tags|hugo_categories|tags|keywords|category):\s?(.*)",
    re.IGNORECASE,
)
_BULLETS_FOLLOW = ("tag", "key")


def tags_from_line(line: str) -> tuple[str, ...] | None:
    """Read the tags of a body line that declares them; None when it is no such line.

    () is the answer to `**Tags**:` alone: the bullets below it are the tags.
    """
    if len(line) > _MAX_LINE:
        return None
    text = line.strip()
    if org := _ORG_KEYWORD.fullmatch(text):
        value = org[1].strip()
        return unique_tags(value.split(":") if value.startswith(":") else _split_tags(value))
    if (hashtags := hashtag_line(line)) is not None:
        return hashtags
    prefix = _LINE_PREFIX.match(text)
    field = _FIELD.fullmatch(text[prefix.end() if prefix else 0 :])
    if field is None:
        return None
    key = field["key"].lower()
    value = field["value"].strip(" \t\u00a0*_")
    if not value:
        declared = bool(field["colon"] or field["mark"])
        return () if declared and key.startswith(_BULLETS_FOLLOW) else None
    return _listed_tags(key, value) if field["colon"] else None


# Signs of a sentence, which is no list of tags.
_SENTENCE_WORDS = word_set(
    "am are be been being can could did do does had has have he her his i if is it its may might "
    "must she should that their them these they this those used uses was we were what when where "
    "which who will with would you your"
)
_SENTENCE_BREAK = re.compile(r"[a-z]{3}[.!?]\s+[A-Z]|[!?]$")
_MAX_TAG_WORDS = 5


def _listed_tags(key: str, value: str) -> tuple[str, ...] | None:
    """Read a field's value as a list of tags, unless it is a sentence or key=value pairs."""
    if re.search(r"[=]|\{|\w:\s|://", value) or _SENTENCE_BREAK.search(value):
        return None
    # `Tags: deep nlp` is two; `Tags: Deep Learning`, `Topic: deep learning` are one.
    at_spaces = key == "tags" and not value[:1].isupper()
    items = _split_tags(value.rstrip("."), at_spaces=at_spaces)
    if not items or not any(char.isalpha() for char in value):
        return None
    is_sentence = (
        any(map(_reads_as_sentence, items))
        or (value.endswith(".") and len(items) == 1 and len(items[0].split()) > 2)
        or (at_spaces and len(items) > 2 and _SENTENCE_WORDS & {item.lower() for item in items})
    )
    return None if is_sentence else unique_tags(items)


def _reads_as_sentence(item: str) -> bool:
    words = item.lower().split()
    if item.count("(") != item.count(")") or words[0] in ("and", "or"):
        return True  # a sentence that its commas cut
    return len(words) > _MAX_TAG_WORDS or (len(words) > 2 and bool(_SENTENCE_WORDS & set(words)))


_COLOUR = r"(?=[a-zA-Z]*\d)(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})"
_HASHTAG = re.compile(rf"\\?#(?!{_COLOUR}[,;]?$)([^\W\d_][\w/.:+&'’-]*)[,;]?")
_DIRECTIVES = word_set("define elif else endif if ifdef ifndef import include pragma undef")


def hashtag_line(line: str) -> tuple[str, ...] | None:
    """Read a line of nothing but hashtags; None when anything else stands in it.

    One capitalised word alone (`#Introduction`) is a heading whose space was forgotten.
    """
    if len(line) > _MAX_LINE or "#" not in line:
        return None
    prefix = _LINE_PREFIX.match(line)
    words = line[prefix.end() if prefix else 0 :].replace("#", " #").replace("\\ #", "#").split()
    matches = [_HASHTAG.fullmatch(word.strip("*_`")) for word in words]
    tags = [match[1].rstrip(".:/-'’") for match in matches if match]
    if not tags or len(tags) < len(words):
        return None
    if len(tags) == 1 and (tags[0].capitalize() == tags[0] or tags[0] in _DIRECTIVES):
        return None
    return unique_tags(tags)


_NOT_PROSE = re.compile(r"`[^`\n]*`|https?://\S+|\[\[[^\[\]]*\]\]", re.IGNORECASE)
_INLINE = re.compile(
    r"(?<=[\s(\[,;:\"'“‘—–])(?<!\]\()"
    rf"#(?!{_COLOUR}(?![\w/-]))([^\W\d_][\w/-]*)(?![\w#(])"
)


def inline_hashtags(line: str) -> tuple[str, ...]:
    """Find the hashtags in a line of prose, in their order, each once.

    In most collections `#params` means "number of": the caller decides where these are tags.
    """
    if whole := hashtag_line(line):
        return whole
    prose = _NOT_PROSE.sub(" ` ", line.strip())
    return unique_tags(match[1].rstrip("/-") for match in _INLINE.finditer(prose))


def folder_tags(path: str) -> tuple[str, ...]:
    """Read the folders of a note as topics, outermost first, without dates and containers."""
    tags: list[str] = []
    for folder in date_from_folders(path)[1]:
        name = re.sub(r"^\d{1,4}(?:\.\d{1,3})*\s?[-_. ]\s?", "", folder).strip(" _")
        normal = normalise_tag(name)
        is_container = not _CONTAINER_FOLDERS.isdisjoint((normal, normal.removesuffix("s")))
        if not (is_container or folder.startswith(".") or name.isdigit()):
            tags.append(name)
    return unique_tags(tags)
