"""Write for people what is new, which questions are saved, and what is to be done and read next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from notesearch.cells import cells
from notesearch.reading_queue import NextStep, UnreadPaper
from notesearch.records import Hit
from notesearch.render.terminal import Style, escaped, printable
from notesearch.render.wrapping import clipped, wrapped_words
from notesearch.search.news import News, NewsOfNote
from notesearch.search.snippets import mark_words

_INDENT = " " * 4
_MOST_PASSAGES = 5  # of a changed note
_MOST_PLACES = 3  # where a paper is named
_SHOWN = 300  # characters of a text, where lines are not cut


def news_lines(news: News, most: int, style: Style) -> Iterator[str]:
    """List what is new: what newly answers the saved questions, then notes, `most` of each."""
    yield style.faint(f"since {_local(news.since)}: {_figures(news)}")
    for one in news.answers:
        yield ""
        yield from map(style.bold, wrapped_words(f"@{one.name}: {one.question}", style))
        for hit in one.hits[:most]:
            yield from _hit_lines(hit, style)
        yield from _more(len(one.hits) - most, style)
    if news.notes:
        yield ""
    for note in news.notes[:most]:
        yield from _note_lines(note, style)
    yield from _more(len(news.notes) - most, style)


def _figures(news: News) -> str:
    new = sum(note.is_new for note in news.notes)
    parts = [f"{new:,} new {'note' if new == 1 else 'notes'}"]
    parts.append(f"{len(news.notes) - new:,} changed")
    parts.append(f"{news.deleted:,} gone")
    return ", ".join(parts)


def _note_lines(note: NewsOfNote, style: Style) -> Iterator[str]:
    what = "new" if note.is_new else "changed"
    is_part = "#" in note.note_id
    place = escaped(note.path) + (f":{note.line_start}" if is_part else "")
    room = style.width - cells(place) - cells(what) - 4
    yield f"{what}  {style.place(place, None)}  {_cut(printable(note.title), room, style)}".rstrip()
    if note.is_new:
        return
    for passage in note.passages[:_MOST_PASSAGES]:
        head = f"{_INDENT}{passage.new_line:>6,}  "
        words = _plain(passage.new_text)
        yield f"{head}{style.faint(_cut(words, style.width - cells(head), style))}"
    yield from _more(len(note.passages) - _MOST_PASSAGES, style, _INDENT)


def _hit_lines(hit: Hit, style: Style) -> Iterator[str]:
    place = f"{escaped(hit.path)}:{hit.line_start}"
    room = style.width - cells(place) - 2
    yield f"{style.place(place, None)}  {_cut(printable(hit.title), room, style)}".rstrip()
    yield f"{_INDENT}{style.faint(_cut(_plain(hit.text), style.width - len(_INDENT), style))}"


def saved_lines(questions: Mapping[str, str], style: Style) -> Iterator[str]:
    """List saved questions: how each is asked by its name, and what it asks."""
    width = max(map(cells, questions), default=0)
    for name, question in questions.items():
        label = f"@{name}{' ' * (width - cells(name))}  "
        first, *others = wrapped_words(question, style, label)
        yield first
        yield from others


def step_lines(steps: Sequence[NextStep], most: int, style: Style) -> Iterator[str]:
    """List what notes say is to be done: each note with its steps and their lines."""
    for _, group in groupby(steps[:most], key=lambda step: step.note_id):
        of_note = list(group)
        place = escaped(of_note[0].path)
        room = style.width - cells(place) - 2
        title = _cut(printable(of_note[0].title), room, style)
        yield f"{style.place(place, None)}  {title}".rstrip()
        for step in of_note:
            yield from wrapped_words(step.text, style, f"{step.line:>6,}  ")
    yield from _more(len(steps) - most, style)


def unread_lines(papers: Sequence[UnreadPaper], most: int, style: Style) -> Iterator[str]:
    """List papers that no note is on: how many notes name each, its id, and where it is named."""
    for one in papers[:most]:
        words = printable(one.title or one.mentions[0].sentence)
        head = f"{one.notes:>3,}  {printable(one.paper)}"
        if words:
            room = style.width - cells(head) - 2
            if style.cuts and room < min(cells(words), 30):
                yield head
                yield f"     {_cut(words, style.width - 5, style)}"
            else:
                yield f"{head}  {_cut(words, room, style)}"
        else:
            yield head
        for mention in one.mentions[:_MOST_PLACES]:
            yield f"     {style.place(f'{escaped(mention.path)}:{mention.line}', None)}"
        yield from _more(len(one.mentions) - _MOST_PLACES, style, "     ")
    yield from _more(len(papers) - most, style)


def _more(left: int, style: Style, indent: str = "") -> Iterator[str]:
    if left > 0:
        yield f"{indent}{style.faint(f'and {left:,} more')}"


def _plain(text: str) -> str:
    """Return the words of a text without the headings that it begins with."""
    lines = text.split("\n")
    begin = next((n for n, line in enumerate(lines) if line.strip(" #*=-") and line[0] != "#"), 0)
    text = "\n".join(lines[begin:])
    shown = "".join(piece.text for piece in mark_words(text, ""))
    return clipped(" ".join(printable(shown).split()), _SHOWN)


def _cut(text: str, room: int, style: Style) -> str:
    return clipped(text, max(room, 12)) if style.cuts else text


def _local(written: str) -> str:
    return datetime.fromisoformat(written).astimezone().strftime("%Y-%m-%d %H:%M")
