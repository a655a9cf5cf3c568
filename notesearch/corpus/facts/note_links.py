"""Find the links of a note to other notes, and the papers that it names.

Links are wikilinks, Markdown links and those of org and rst files. A paper is named by the key by
which it is cited, or by an id; that is a link where there is a note on it.

Only what is written is read here. Which note a link means depends on all notes, and is found when
somebody asks (`index/link_targets.py`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from notesearch.corpus.markdown_lines import plain
from notesearch.corpus.walk import NOTE_SUFFIXES
from notesearch.records import Block, LinkKind, NoteLink
from notesearch.spelling import paper_places

_SILENT_BLOCKS = frozenset({"code", "math"})
# Code and formulas inside a line. Each try ends at the next mark, so that no text takes long.
_CODE = re.compile(r"(`{1,3})[^`\n]*\1")
_FORMULA = re.compile(r"\$(?=\S)[^$\n]*(?<=\S)\$(?!\d)")
# What stands in [[ ]], with a ! before an embed. Behind a word it is an index (`x[[i]]`), and
# before a bracket the words of another link (`[[1]](https://…)`).
_WIKILINK = re.compile(r"(!?)(?<!\w)\[\[([^\[\]\n]{1,400})\]\](?![(\[])")
_ORG_LINK = re.compile(r"\[\[([^\[\]\n]{1,400})\](?:\[[^\[\]\n]{0,400}\])?\]")
# The end of `[words](target "title")`. Words may hold brackets, and are not looked at.
_LINK_END = re.compile(
    r"\]\([ \t]*(?:<([^<>\n]{1,1000})>[^()\n]{0,400}"
    r"|([^()\n<>]{1,1000}(?:\([^()\n]{0,400}\)[^()\n<>]{0,400}){0,9}))\)"
)
# Pandoc's keys, with signs inside alone: `@lee2020`, `[-@lee2020, p. 3]`, `@{lee2020}`.
_CITATION = re.compile(r"(?<![\w@./\\])@\{?([^\W_]\w*(?:[:.#$%&+?<>~/-]{1,2}\w+)*)")
_RST_ROLE = re.compile(
    r"(?<![\w`]):(doc|ref|numref):`(?:[^`<>\n]{0,400}<([^`<>\n]+)>|([^`<>\n]+))`"
)
_RST_WORDS = re.compile(r":[a-z:]{1,40}:`([^`<>\n]{1,400}?)\s{0,9}(?:<[^`<>\n]{1,400}>)?`")
_RST_PAGES = frozenset({"genindex", "modindex", "search"})  # Sphinx makes them itself
_AFTER_ID = ".,;:!?)'\"*_"  # signs of the sentence
# What may have a link in it: a line without any of these is not looked at.
_SIGNS = re.compile(r"\[\[|\]\(|@|:(?:doc|num|ref)|xiv|10\.\d|https?:|/papers|pmid", re.IGNORECASE)
_TITLE = re.compile(r"\s+(?:\"[^\"]*\"|'[^']*')\s*\Z")
_LONGEST_WORDS = 400  # of a link
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
# A file that is no note. Names of notes may have a full stop too: `[[Llama 3.1]]`.
_OTHER_FILE = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?|avif|heic|ico|pdf|djvu|epub|mp[34]|m4[av]|wav|ogg|mov"
    r"|webm|mkv|zip|gz|canvas|base|excalidraw|csv|tsv|xlsx?|docx?|pptx?|json|ya?ml|toml|bib|tex"
    r"|py|ipynb|js|ts|css|c|cc|cpp|h|go|rs|java|sh|r|jl|m)\Z",
    re.IGNORECASE,
)
_A_LETTER = re.compile(r"[^\W\d_]")
_ARXIV = re.compile(r"\d{4}\.\d{4,5}\Z")
_A_DAY = re.compile(r"\d{4}-\d\d?(?:-\d\d?)?\Z")

# A line that no sentence goes on from: blank, a heading, a row of a table; and an item.
_APART = re.compile(r"[\s>]*(?:\Z|#{1,6}\s|\||[-*_=]{3,}\s*\Z)")
_ITEM = re.compile(r"[\s>]*(?:[-*+]|\d{1,3}[.)])\s")
_MARKER = re.compile(r"[\s>|]*(?:(?:[-*+]|\d{1,3}[.)])\s+)?(?:\[[ xX]\]\s+)?(?:#{1,6}\s+)?")
_SENTENCE_END = re.compile(
    r"(?<!\bal)(?<!\bcf)(?<!\bvs)(?<!\be\.g)(?<!\bi\.e)(?<!\bp)(?<!\bpp)[.!?…][\"'”’)]{0,3}\s+(?=[^a-z\s])"
)
_IMAGE = re.compile(r"!\[[^\[\]\n]{0,400}\]\([^()\n]{0,400}\)")
_ORG_WORDS = re.compile(r"\[\[[^\[\]\n]{1,400}\]\[([^\[\]\n]{0,400})\]\]")
_LOOKED_AT = 100  # characters of a line, for its marker
_MOST_LINES = 3  # of a sentence, before and after that of the link
_AROUND = 300  # characters on each side that are looked at for the ends of a sentence
_LONGEST_SENTENCE = 200
_MOST_LINKS = 5_000  # of one note; the largest index page of 18 collections has 1,400


def find_field_links(fields: Mapping[str, object]) -> tuple[NoteLink, ...]:
    """Return the wikilinks in the fields of a head, such as `up: "[[MOC]]"`, at its first line."""
    found = []
    for key, value in fields.items():
        for text in _texts_in(value):
            for _, _, kind, target in _name_links(text, is_org=False):
                sentence = _shortened(f"{key}: {_words(text)}", 0)
                found.append(NoteLink(LinkKind(kind), target, 1, sentence))
    return tuple(found[:_MOST_LINKS])


def _texts_in(value: object) -> Iterator[str]:
    """Return the texts of a field; YAML reads `[[note]]` without quotes as a list in a list."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield item
        elif isinstance(item, list) and len(item) == 1 and isinstance(item[0], str):
            yield f"[[{item[0]}]]"


def find_note_links(
    path: str,
    markup: Sequence[str],
    blocks: Sequence[Block],
    line_numbers: Sequence[int],
    *,
    own_paper: str | None = None,
) -> tuple[NoteLink, ...]:
    """Return the links of a note to other notes in their order; `line_numbers` are the lines'.

    The paper that the note is on, `own_paper`, is not named by it as another is.
    """
    if not any(_SIGNS.search(line) for line in markup):
        return ()
    lines = _without_code_blocks(markup, blocks)
    suffix = posixpath.splitext(path)[1].lower()
    is_org = suffix == ".org"
    found: list[NoteLink] = []
    for at, line in enumerate(lines):
        if not _SIGNS.search(line):
            continue
        read = _without_code(line)
        roles = _rst_links(line) if suffix == ".rst" else ()
        links = [*_name_links(read, is_org), *_path_links(read, is_org), *roles]
        rest = _without(read, links)
        links += [*_citations(rest), *_papers(rest, own_paper)]
        for start, end, kind, target in sorted(links):
            if len(found) == _MOST_LINKS:
                return tuple(found)
            sentence = _sentence(lines, at, start, end)
            found.append(NoteLink(LinkKind(kind), target, line_numbers[at], sentence))
    return tuple(found)


def _without_code_blocks(markup: Sequence[str], blocks: Sequence[Block]) -> list[str]:
    """Return the lines, those of code and formulas blank."""
    lines = list(markup)
    waiting = list(blocks)
    while waiting:
        block = waiting.pop()
        if block.kind in _SILENT_BLOCKS:
            lines[block.start : block.end] = [""] * (block.end - block.start)
        else:
            waiting.extend(block.children)
    return lines


def _without_code(line: str) -> str:
    """Return a line with blanks for code and formulas, as long as before."""
    if "`" in line:
        line = _CODE.sub(_blank, line)
    return _FORMULA.sub(_blank, line) if "$" in line else line


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


# Start, end, kind, target; kinds by their values, so that links can be put in order.
_Place = tuple[int, int, str, str]


def _name_links(line: str, is_org: bool) -> Iterator[_Place]:
    if "[[" not in line:
        return
    if is_org:
        for link in _ORG_LINK.finditer(line):
            if target := org_target(link[1].strip()):
                yield link.start(), link.end(), LinkKind.ORG.value, target
        return
    for link in _WIKILINK.finditer(line):
        target = link[2].replace("\\|", "|").partition("|")[0].strip()  # \| in a table
        if _is_name(target):
            kind = LinkKind.EMBED if link[1] else LinkKind.WIKILINK
            yield link.start(), link.end(), kind.value, target


def _is_name(target: str) -> bool:
    """Return whether what stands in [[ ]] may be the name of a note, and is no file or matrix."""
    note = target.partition("#")[0].partition("^")[0].strip()
    if not note or _OTHER_FILE.search(note) or "://" in note:
        return False
    return bool(_A_LETTER.search(note) or _A_DAY.match(note) or _ARXIV.match(note))


def org_target(target: str) -> str | None:
    """Return what an org link leads to, a file or an id; None for another."""
    if target.startswith("id:"):
        return target
    place = target.removeprefix("file:").partition("::")[0]
    return place if _has_note_suffix(place) and not _SCHEME.match(place) else None


def _path_links(line: str, is_org: bool) -> Iterator[_Place]:
    if "](" not in line:
        return
    for link in _LINK_END.finditer(line):
        target = (link[1] or _TITLE.sub("", link[2] or "")).strip()
        if not is_path_of_note(target, is_org=is_org):
            continue
        words = line.rfind("[", max(link.start() - _LONGEST_WORDS, 0), link.start())
        start = words if words >= 0 else link.start()
        if line[start - 1 : start] != "!" or _has_note_suffix(_path_of(target)):
            yield start, link.end(), LinkKind.MARKDOWN.value, target


def _rst_links(line: str) -> Iterator[_Place]:
    for link in _RST_ROLE.finditer(line):
        target = (link[2] or link[3]).strip()
        # Before a colon stands another project.
        if target and target not in _RST_PAGES and ":" not in target:
            form = "doc" if link[1] == "doc" else "ref"
            yield link.start(), link.end(), LinkKind.RST.value, f"{form}:{target}"


def _citations(line: str) -> Iterator[_Place]:
    if "@" not in line:
        return
    for cited in _CITATION.finditer(line):
        yield cited.start(), cited.end(), LinkKind.CITATION.value, f"@{cited[1]}"


def _papers(line: str, own_paper: str | None) -> Iterator[_Place]:
    """Return the papers that a line names, each once."""
    seen = {own_paper}
    for start, end, identity in paper_places(line):
        if identity not in seen:
            seen.add(identity)
            end -= len(line[start:end]) - len(line[start:end].rstrip(_AFTER_ID))
            yield start, end, LinkKind.PAPER.value, identity


def _without(line: str, links: Sequence[_Place]) -> str:
    """Return a line with blanks for links, whose words name nothing else."""
    signs = list(line) if links else []
    for start, end, _, _ in links:
        signs[start:end] = " " * (end - start)
    return "".join(signs) if links else line


def is_path_of_note(target: str, *, is_org: bool = False) -> bool:
    """Return whether the target of a Markdown link may lead to a note.

    That is a path with the suffix of a note, or with none, as web sites write it, though not in an
    org file, which has links of its own.
    """
    path = _path_of(target)
    if not path or _SCHEME.match(path) or posixpath.normpath(path) in (".", "..", "/"):
        return False
    if _has_note_suffix(path):
        return True
    is_other = is_org or path.endswith("/") or " " in path or _OTHER_FILE.search(path)
    return not is_other and bool(_A_LETTER.search(path))


def _path_of(target: str) -> str:
    return target.partition("#")[0].partition("?")[0]


def _has_note_suffix(path: str) -> bool:
    return posixpath.splitext(path)[1].lower() in NOTE_SUFFIXES


def _sentence(lines: Sequence[str], at: int, start: int, end: int) -> str:
    """Return the sentence around a link in words, with … where it is cut."""
    line = lines[at]
    before, link = line[max(start - _AROUND, 0) : start], line[start:end]
    after = line[end : end + _AROUND]
    for number in range(at, max(at - _MOST_LINES, 0), -1):
        above = lines[number - 1]
        if len(before) >= _AROUND or not _goes_on(above, lines[number]):
            break
        before = f"{above[-_AROUND:]} {before.lstrip(' >')}"
    for number in range(at + 1, min(at + 1 + _MOST_LINES, len(lines))):
        if len(after) >= _AROUND or not _goes_on(lines[number - 1], lines[number]):
            break
        after = f"{after} {lines[number][:_AROUND].lstrip(' >')}"
    begin = max((found.end() for found in _SENTENCE_END.finditer(f"{before}[")), default=0)
    stop = _SENTENCE_END.search(after)
    before, after = before[begin:], after[: stop.end()] if stop else after
    before = _MARKER.sub("", before, count=1)
    return _shortened(_words(before + link + after), len(_words(before)))


def _words(text: str) -> str:
    """Return the words of a text, without those of pictures."""
    if "![" in text:
        text = _IMAGE.sub("", text).replace("![[", "[[")
    if "][" in text:
        text = _ORG_WORDS.sub(r"\1", text)
    if ":`" in text:
        text = _RST_WORDS.sub(r"\1", text)
    return plain(text).strip(" |")


def _goes_on(line: str, below: str) -> bool:
    """Return whether a sentence may go on from a line to the one below."""
    line, below = line[:_LOOKED_AT], below[:_LOOKED_AT]
    if _APART.match(line) or _APART.match(below) or _ITEM.match(below):
        return False
    return line.lstrip().startswith(">") == below.lstrip().startswith(">")


def _shortened(words: str, at: int) -> str:
    """Return some words around a place in a text, with … where others are left out."""
    if len(words) <= _LONGEST_SENTENCE:
        return words
    start = max(min(at - _LONGEST_SENTENCE // 2, len(words) - _LONGEST_SENTENCE), 0)
    shown = words[start : start + _LONGEST_SENTENCE]
    if start + _LONGEST_SENTENCE < len(words):
        shown = f"{shown.rpartition(' ')[0] or shown} …"
    if start:
        shown = f"… {shown.partition(' ')[2] or shown}"
    return shown
