"""Reduce HTML, template tags, links, hashtags, emoji codes and emphasis to their words."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from notesearch.corpus.search_text import (
    SHIELDED,
    SHIELDED_PIPE,
    Rule,
    apply_rules,
    replace_between,
)
from notesearch.html_elements import ELEMENTS, INLINE_ELEMENTS

_HIDDEN = (  # openers and closers of what no reader sees
    (re.compile("<!--"), "-->"),
    (re.compile(r"<script\b[^<>]*>", re.IGNORECASE), "</script>"),
    (re.compile(r"<style\b[^<>]*>", re.IGNORECASE), "</style>"),
)
# A "<" inside a quoted value counts only before a space: no tag starts there, so that the
# stretches which two tags look at never overlap.
_TAG = re.compile(
    r"<(/?)([A-Za-z][\w:-]*)(?=[\s/>])"
    r"([^<>\"']*(?:(?:\"[^\"<]*(?:<\s[^\"<]*)*\"|'[^'<]*(?:<\s[^'<]*)*')[^<>\"']*)*)>"
)
_CUT_TAG = re.compile(r"<([A-Za-z][\w:-]*)\s+[\w:-]+\s*=\s*[\"']")
_CUT_ATTRIBUTES = re.compile(r"(?<![\w-])[\w-]+=[\"'][^\"'<>]*[\"']\s*[/%}]*\Z")
_ATTRIBUTE = re.compile(r"\w\s*=\s*[\"']")
_BOOLEAN_ATTRIBUTES = re.compile(
    r"(?:\s|/|open|controls|disabled|checked|hidden|async|defer|loop|muted|autoplay|nowrap"
    r"|allowfullscreen|reversed|selected|required)*\Z"
)
_CAPTION = re.compile(r"\b(?:alt|caption|title)\s*=\s*(?:\"([^\"]*)|'([^']*))")
_FILE_NAME = re.compile(r"[^\n]*\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?|pdf|mp4|md)\Z", re.IGNORECASE)
_SAYS_NOTHING = re.compile(
    r"(?:image|img|figure|fig|untitled|screen ?shot)?[\W\d]*(?:(?:at|am|pm)[\W\d]*){0,3}\Z",
    re.IGNORECASE,
)

_LIQUID_TAG = re.compile(r"\{%")
_LIQUID_VALUE = re.compile(r"\{\{")

_WIKI_BODY = rf"([^\[\]\n|{SHIELDED_PIPE}]*)(?:[|{SHIELDED_PIPE}]([^\[\]\n]*))?"
_BLOCK_REFERENCE = re.compile(r"#?\^[\w-]+\Z")

_LINK_TEXT = r"([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)"
# The title of an image may stand on a line of its own.
_LINK_TARGET = r"\(([^()\n]*(?:\([^()\n]*\)[^()\n]*)*(?:\n[ \t]*[^()\s][^()\n]*)?)\)"
_IMAGE_TITLE = re.compile(r"\s\"([^\"]*)\"\s*\Z")

_URL_BODY = r"[^\s<>()\[\]{}\"'`|\\]*(?:\([^\s<>()]*\)[^\s<>()\[\]{}\"'`|\\]*)*(?<![.,;:!?*~])"
_DOMAINS = r"\.(?:com|org|net|io|edu|ai|dev|gov|co|me|cn|de|uk)/"
_SITE = re.compile(_DOMAINS)
_SITE_PATH = re.compile(rf"(?<![\w.@/-])[\w-]+(?:\.[\w-]+)*{_DOMAINS}{_URL_BODY}")


def drop_inline_markup(text: str) -> str:
    """Return the words of a text whose code, math and block marks are already gone."""
    if "<" in text or "=" in text:
        text = _drop_html(text)
    if "{" in text or "}" in text:
        text = _drop_template_tags(text)
    text = apply_rules(_ESCAPES, text)
    text = apply_rules(_LINKS, text)
    if "/" in text and _SITE.search(text):
        text = _SITE_PATH.sub("", text)
    return apply_rules(_MARKS, text)


def caption_words(attributes: str) -> str:
    """Return the words of `alt`, `caption` and `title`, each once, without file names."""
    found = (double or single for double, single in _CAPTION.findall(attributes))
    captions = dict.fromkeys(caption.strip() for caption in found)
    return " ".join(caption for caption in captions if _says_something(caption))


def _says_something(caption: str) -> bool:
    return not (_FILE_NAME.match(caption) or _SAYS_NOTHING.match(caption))


def _drop_html(text: str) -> str:
    for opener, closer in _HIDDEN:
        if closer in text:
            text = replace_between(text, opener, closer, lambda _: " ")
    if "<" in text or ">" in text:
        text = _drop_cut_tags(text)
        text = _TAG.sub(_say_tag, text)
    return text.replace("<!--", " ")


def _drop_cut_tags(text: str) -> str:
    """Drop the attributes of a tag whose beginning or end was cut off."""
    first_close = text.find(">")
    if first_close >= 0 and _CUT_ATTRIBUTES.search(text, 0, first_close):
        head = text[:first_close]
        if "<" not in head:
            text = caption_words(head) + " " + text[first_close + 1 :]
    last_open = text.rfind("<")
    if last_open > text.rfind(">"):
        cut = _CUT_TAG.match(text, last_open)
        if cut and cut[1].lower() in ELEMENTS and "\n\n" not in text[last_open:]:
            text = text[:last_open] + caption_words(text[last_open:])
    return text


def _say_tag(tag: re.Match[str]) -> str:
    """Drop a tag; leave `<think>`, `Vec<T>` and `a <b and c>` as the text that they are."""
    name, attributes = tag[2].lower(), tag[3]
    if _ATTRIBUTE.search(attributes) is None:
        is_known = name in ELEMENTS or "-" in name
        if not is_known or not ("=" in attributes or _BOOLEAN_ATTRIBUTES.match(attributes)):
            return tag[0]
    if name == "img":
        return f" {caption_words(attributes)} "
    if name in INLINE_ELEMENTS:
        return ""
    closes_emphasis = tag[1] and tag.string[tag.end() : tag.end() + 1] in ("_", "*")
    return "" if closes_emphasis else " "  # a mark after a space would open


def _drop_template_tags(text: str) -> str:
    if "{%" in text:
        text = replace_between(text, _LIQUID_TAG, "%}", _say_template)
        text = _CUT_TEMPLATE.sub(lambda tag: f" {caption_words(tag[0])} ", text)
    text = text.replace("%}", " ")
    if "{{" in text:
        text = replace_between(text, _LIQUID_VALUE, "}}", _say_template, within_paragraph=True)
    return apply_rules(_BRACES, text)


def _say_template(body: str) -> str:
    return f" {caption_words(body)} "


def _say_wikilink(link: re.Match[str]) -> str:
    """Return the shown words, or the note and its heading; a space for a file that is no note."""
    target, shown = link[1], link[2]
    if shown is not None:
        return shown
    note, _, heading = _BLOCK_REFERENCE.sub("", target).partition("#")
    note = note.strip().removesuffix(".md")
    if _FILE_NAME.match(note) or "://" in note:
        return " "
    name = PurePosixPath(note).name
    return f"{name} {heading.replace('#', ' ')}".strip()


def _say_embed(embed: re.Match[str]) -> str:
    """Return the words of an embedded note as of a link; after the pipe may stand a width."""
    shown = embed[2]
    if shown is not None and not _SAYS_NOTHING.match(shown):
        return shown
    return " " if shown is not None else _say_wikilink(embed)


def _say_image(image: re.Match[str]) -> str:
    """Return the caption and title of an image; `![alt|300](path)` has a width too."""
    words, target = image[1], image[2]
    words = words.replace(SHIELDED_PIPE, "|").partition("|")[0]
    title = _IMAGE_TITLE.search(target)
    captions = [words.strip(), *([title[1]] if title else [])]
    return " ".join(dict.fromkeys(filter(_says_something, captions)))


_CUT_TEMPLATE = re.compile(r"\{%[^\n]*")
_BRACES = (
    # {: .class}, {#fig:x .wide}, {width=50%}
    Rule("{:", re.compile(r"\{:[^{}\n]*\}"), " "),
    Rule("{", re.compile(r"\{[#.](?=[\w-])[^{}\n]*\}"), " "),
    Rule("){", re.compile(r"(?<=\))\{[^{}\n]*\}"), " "),
)
_LINKS = (
    Rule("[^", re.compile(r"\[\^[^\[\]\s]+\]"), ""),
    Rule("![[", re.compile(rf"!\[\[{_WIKI_BODY}\]\]"), _say_embed),
    Rule("[[", re.compile(rf"\[\[(?<!\w\[\[){_WIKI_BODY}\]\](?!\(http)"), _say_wikilink),
    Rule("][", re.compile(r"\[\[[^\[\]\n]*\]\[([^\[\]\n]*)\]\]"), r"\1"),
    Rule("![", re.compile(rf"!\[{_LINK_TEXT}\]{_LINK_TARGET}"), _say_image),
    Rule("](", re.compile(rf"\[{_LINK_TEXT}\]{_LINK_TARGET}"), r"\1"),
    # a link whose brackets do not pair, or whose end was cut off
    Rule("](", re.compile(r"\]\([^()\s]*(?:\)|\s*\Z)"), "]"),
    Rule("][", re.compile(rf"\[(?<!\w\[){_LINK_TEXT}\]\[[^\[\]\n]*\]"), r"\1"),
    Rule("://", re.compile(r"<?(?<![\w+.-])[A-Za-z][\w+.-]{1,20}://" + _URL_BODY + ">?"), ""),
    Rule("www.", re.compile(r"<?\bwww\.(?=\w)" + _URL_BODY + ">?"), ""),
    Rule("@", re.compile(r"<(?:mailto:)?([\w.+-]+@[\w.-]+)>"), r"\1"),
    Rule("iv:", re.compile(r"[aA]r[xX]iv: ?(?=[\w./-]*\d)[\w./-]*\w"), ""),
    Rule(
        "10.",
        re.compile(
            r"(?:doi: ?|DOI: ?)?10\.(?<![\w.]10\.)\d{4,9}/[^\s<>\[\]{}|,;\"]*[^\s<>\[\]{}|,;\".)]"
        ),
        "",
    ),
    Rule("[", re.compile(r"\[\d{4}\.\d{4,5}(?:v\d+)?\]"), ""),
)

_SINGLE_STARS = Rule("*", re.compile(r"\*(?<![\w*]\*)([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])"), r"\1")
_MARKS = (
    Rule("%%", re.compile(r"%%[^%\n]*%%"), ""),
    Rule("#", re.compile(r"#(?<![\w&/#]#)([^\W\d_][\w/-]*)"), lambda tag: tag[1].replace("/", " ")),
    Rule(
        ":",
        re.compile(r":(?<![\w:]:)([a-z+-][\w+-]*):(?![\w:])"),
        lambda code: code[1].replace("_", " "),
    ),
    Rule("****", re.compile(r"\*{4,}"), ""),
    # emphasis, from the inside out: a body holds no mark of its own kind
    _SINGLE_STARS,
    Rule("**", re.compile(r"\*\*(?<!\*\*\*)([^\s*](?:[^*]*[^\s*])?)\*\*(?!\*)"), r"\1"),
    Rule("***", re.compile(r"\*\*\*(?<!\*\*\*\*)([^\s*](?:[^*]*[^\s*])?)\*\*\*(?!\*)"), r"\1"),
    _SINGLE_STARS,
    Rule("**", re.compile(r"\*\*(?:(?<=\w\*\*)(?!\w)|(?<!\S\*\*)(?=[A-Z]))"), ""),
    Rule(
        "__", re.compile(r"__(?<!\w__)(?![a-z][a-z0-9_]*__)([^\s_](?:[^_]*[^\s_])?)__(?!\w)"), r"\1"
    ),
    Rule("_", re.compile(r"_(?<!\w_)([^\s_][^_]*(?:(?<=\w)_(?=\w)[^_]*)*)(?<!\s)_(?!\w)"), r"\1"),
    Rule("~~", re.compile(r"~~([^\s~](?:[^~]*[^\s~])?)~~"), r"\1"),
    Rule("==", re.compile(r"==(?<![\w=]==)([^\s=](?:[^=]*[^\s=])?)==(?![\w=])"), r"\1"),
)
_ESCAPES = (
    Rule("\\", re.compile(r"\\{1,2}[ \t]*(?=\n)"), ""),
    Rule("\\", re.compile(r"\\([!-/:-@\[-`{-~])"), lambda escaped: SHIELDED[escaped[1]]),
)
