"""Count what an answer, or a list of notes, could be filtered by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from notesearch.index.snapshot import StoredNote
from notesearch.query.filters import InSection, OfKind, PathGlob, Tag, YearBetween
from notesearch.records import Hit, NoteKind, Role
from notesearch.spelling import normalise_tag
from notesearch.web.question_line import with_filter

_MOST_TAGS = 14
_MOST_OTHERS = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to filter by: how many have it, and the line that asks for these alone."""

    label: str
    count: int
    line: str
    depth: int = 0  # of a tag below others


@dataclass(frozen=True, slots=True)
class Facet:
    """A kind of filter, with its values."""

    name: str
    choices: tuple[Choice, ...]


def facets_of_hits(hits: Sequence[Hit], line: str) -> list[Facet]:
    """Count what hits have in common; a value that all of them have tells nothing."""
    roles = Counter(role for hit in hits for role in hit.roles)
    return _facets(hits, line, roles=_role_choices(roles, line, len(hits)))


def facets_of_notes(notes: Sequence[StoredNote], line: str) -> list[Facet]:
    """Count what notes have in common."""
    kinds = Counter(note.kind for note in notes)
    return _facets(notes, line, kinds=_kind_choices(kinds, line, len(notes)))


def own_tags(found: Hit | StoredNote) -> list[str]:
    """Return the tags of a hit or a note, without those that its path names."""
    folders = {normalise_tag(folder) for folder in found.path.split("/")[:-1]}
    return [tag for tag in found.tags if normalise_tag(tag) not in folders]


def _facets(
    found: Sequence[Hit | StoredNote],
    line: str,
    *,
    roles: tuple[Choice, ...] = (),
    kinds: tuple[Choice, ...] = (),
) -> list[Facet]:
    whole = len(found)
    facets = [
        Facet("Tags", _tag_choices(found, line)),
        Facet("Sections", roles),
        Facet("Years", _year_choices(found, line)),
        Facet("Folders", _folder_choices(found, line, whole)),
        Facet("Kinds", kinds),
    ]
    return [facet for facet in facets if facet.choices]


def _tag_choices(found: Sequence[Hit | StoredNote], line: str) -> tuple[Choice, ...]:
    """Return tags as a tree: below its parent each, which counts what its children have too."""
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for one in found:
        names: set[str] = set()
        for tag in own_tags(one):
            normal = normalise_tag(tag)
            parts = normal.split("/")
            names.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
            written.setdefault(normal, tag)
        counts.update(names)
    telling = [(n, c) for n, c in counts.most_common() if n and c < len(found)][:_MOST_TAGS]
    if not telling:
        return ()
    shown = {name for name, _ in telling}
    order = {name: at for at, (name, _) in enumerate(telling)}

    def place(name: str) -> tuple[int, ...]:
        parts = name.split("/")
        above = ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        return tuple(order.get(one, len(order)) for one in above)

    choices = []
    for name, count in sorted(telling, key=lambda pair: place(pair[0])):
        parts = name.split("/")
        depth = sum("/".join(parts[:d]) in shown for d in range(1, len(parts)))
        label = written.get(name, name)
        label = label.split("/")[-1] if depth else label
        choices.append(Choice(label, count, with_filter(line, str(Tag(name))), depth))
    return tuple(choices)


def _role_choices(counts: Counter[Role], line: str, whole: int) -> tuple[Choice, ...]:
    return tuple(
        Choice(role.value, count, with_filter(line, str(InSection(role))))
        for role, count in counts.most_common(_MOST_OTHERS)
        if count < whole
    )


def _kind_choices(counts: Counter[NoteKind], line: str, whole: int) -> tuple[Choice, ...]:
    return tuple(
        Choice(kind.value, count, with_filter(line, str(OfKind(kind))))
        for kind, count in counts.most_common()
        if count < whole
    )


def _year_choices(found: Sequence[Hit | StoredNote], line: str) -> tuple[Choice, ...]:
    counts = Counter(one.year for one in found if one.year is not None)
    if len(counts) < 2:
        return ()
    return tuple(
        Choice(str(year), count, with_filter(line, str(YearBetween(year, year))))
        for year, count in sorted(counts.items(), reverse=True)[:_MOST_OTHERS]
    )


def _folder_choices(found: Sequence[Hit | StoredNote], line: str, whole: int) -> tuple[Choice, ...]:
    """Return the folders that the paths differ in, below those that all have in common."""
    folders = [one.path.split("/")[:-1] for one in found]
    common = 0
    if folders:
        while all(len(f) > common and f[common] == folders[0][common] for f in folders):
            common += 1
    counts = Counter("/".join(f[: common + 1]) for f in folders if len(f) > common)
    return tuple(
        Choice(
            folder.split("/")[-1], count, with_filter(line, str(PathGlob(_plain_pattern(folder))))
        )
        for folder, count in counts.most_common(_MOST_OTHERS)
        if count < whole
    )


def _plain_pattern(folder: str) -> str:
    """Return a pattern that lets what is below a folder through, whatever signs its name has."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in folder) + "/"
