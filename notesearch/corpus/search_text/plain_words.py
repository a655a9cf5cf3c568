"""Turn the source of a note into its search text: the words that a reader would say aloud.

The search text is embedded and looked through for words; it is never shown. A text may be cut
anywhere, so nothing here relies on a closing mark, and nothing raises.
"""

from __future__ import annotations

import html
import re
import unicodedata

from notesearch.corpus.search_text import PRIVATE, Rule, apply_rules, unshield, word_set
from notesearch.corpus.search_text.block_markup import drop_block_marks, hide_code
from notesearch.corpus.search_text.inline_markup import drop_inline_markup
from notesearch.corpus.search_text.latex import GREEK_LETTERS, say_math

# Signs that NFKC would leave alone or glue to the word before.
_TYPOGRAPHY = {
    **dict.fromkeys("‘’‚‛´", "'"),
    **dict.fromkeys("“”„‟", '"'),
    **dict.fromkeys("‐‑−", "-"),
    **dict.fromkeys("™®©\u1680", " "),
    **dict.fromkeys("\u2028\u2029", "\n"),
}
# Removed: what has no width, half of a character, and the range that rewriting works in.
_NOT_TEXT = (
    "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\ufffd"
    f"\ud800-\udfff{chr(PRIVATE)}-{chr(PRIVATE + 0xFF)}"
)
_ODD_SIGN = re.compile(f"[{''.join(_TYPOGRAPHY)}{_NOT_TEXT}]")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_BLANK_LINE = re.compile(r"\n +(?=\n)")
# The time to normalise grows with the square of the accents that follow each other.
_RUN = 500
_LONG_RUN = re.compile(rf"[^\x00-\x7f]{{{_RUN}}}")
_EMOJI = re.compile("[\u2600-\u26ff\U0001f000-\U0001faff]+")

# A word broken where a line ends, or where a line of a PDF once ended: "allo- cation".
_BREAK = re.compile(r"-(?:\n *| )(?=[a-z]{2})(?!(?:and|or|to|nor|but|vs|as|than)\b)")
_BROKEN_WORD = re.compile(r"(?<![\w-])[A-Za-z]+\Z")
_LONGEST_WORD = 30
# After these the hyphen is the word's own: "self-\nattention".
_HYPHENATED = word_set(
    "self off on pre post multi non semi cross well low high long short few zero one two three "
    "single end first second real fine coarse hand state model data task domain large small "
    "open closed top bottom left right in out over under up down full half ill anti inter intra "
    "meta co re sub super human time free deep encoder sequence graph text image"
)

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_LONE_GREEK = re.compile(r"[α-ωΑ-Ω](?<![^\W\d_].)(?![^\W\d_])")

# What is left where a link or a tag stood: empty brackets, loose commas, room.
_TIDY = (
    Rule("(", re.compile(r"\((?<!\w\() *\)"), ""),
    Rule("[", re.compile(r"\[(?<!\w\[) *\]"), ""),
    Rule("  ", re.compile(r"  +"), " "),
    Rule(" ", re.compile(r" (?=[,;!?).:](?:\s|$))"), ""),
    Rule(" \n", re.compile(r" \n"), "\n"),
    Rule("\n ", re.compile(r"\n "), "\n"),
    Rule("\n\n\n", re.compile(r"\n\n\n+"), "\n\n"),
)


def to_words(text: str) -> str:
    """Turn Markdown, HTML, LaTeX and their kin into plain words, on lines as in the source.

    Blocks stay on lines of their own and one blank line stays between paragraphs. Runs in
    time linear in the text; any string is taken.
    """
    text = _clean_characters(text)
    text = hide_code(text)
    text = say_math(text)
    text = drop_block_marks(text)
    text = drop_inline_markup(text)
    text = _ENTITY.sub(_resolve_entity, text) if "&" in text else text
    if "-\n" in text or "- " in text:
        text = _BREAK.sub(_join_word, text)
    text = unshield(text)
    if not text.isascii():
        text = _EMOJI.sub(" ", text)
        text = _LONE_GREEK.sub(_name_greek, text)
    return apply_rules(_TIDY, text).strip()


def _clean_characters(text: str) -> str:
    """Return one form of each character, with line feeds for line ends, without invisible ones."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = _normalise(text)
    text = _CONTROL.sub(" ", text)
    return _BLANK_LINE.sub("\n", text) if "\n " in text else text


def _normalise(text: str) -> str:
    text = _ODD_SIGN.sub(lambda sign: _TYPOGRAPHY.get(sign[0], ""), text)
    if not _LONG_RUN.search(text):
        return unicodedata.normalize("NFKC", text)
    stretches = (text[start : start + _RUN] for start in range(0, len(text), _RUN))
    return "".join(unicodedata.normalize("NFKC", stretch) for stretch in stretches)


def _join_word(broken: re.Match[str]) -> str:
    """Return what joins the parts of a broken word: a hyphen if it is written with one."""
    end = broken.start()
    start = _BROKEN_WORD.search(broken.string, max(0, end - _LONGEST_WORD), end)
    if start is None or len(start[0]) == 1:
        return "-" if "\n" in broken[0] else broken[0]
    is_hyphenated = start[0].lower() in _HYPHENATED or start[0][-1].isupper()
    return "-" if is_hyphenated else ""


def _resolve_entity(entity: re.Match[str]) -> str:
    sign = _CONTROL.sub(" ", _normalise(html.unescape(entity[0])))
    if sign.lower() not in GREEK_LETTERS:
        return sign
    before = entity.string[entity.start() - 1 : entity.start()]
    after = entity.string[entity.end() : entity.end() + 1]
    return " " * before.isalnum() + sign + " " * (after.isalnum() or after == "&")


def _name_greek(letter: re.Match[str]) -> str:
    """Put the name beside a Greek letter that stands for itself: `β` becomes `β beta`."""
    sign = letter[0]
    name = GREEK_LETTERS.get(sign.lower())
    if name is None:
        return sign
    return f"{sign} {name.capitalize() if sign.isupper() else name}"
