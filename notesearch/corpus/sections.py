"""Group the blocks of a note into sections, each with its heading path and its roles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from notesearch.corpus.markdown_lines import heading_text
from notesearch.records import Block, Role, Section
from notesearch.section_roles import roles_of, roles_of_line

# `**Problem**: text`, `**Limitations.** text`, or `**Results**` alone on its line.
_LEAD = re.compile(r"(\*\*|__)(?=[^\s*_])([^*\n]{2,60}?)\1(:?)[ \t]*(.*)")
_CLAIMING = ("paragraph", "quote", "item")  # kinds whose first line may give a role


@dataclass(frozen=True, slots=True)
class _Lead:
    """Bold words that open a paragraph, with their roles, which what follows has too."""

    roles: tuple[Role, ...]
    is_alone: bool  # on its line, as a heading is


def find_sections(
    markup: Sequence[str], blocks: Sequence[Block], title_at: int | None
) -> tuple[Section, ...]:
    """Group a note's top-level blocks by its headings; the one at `title_at` is in no path.

    The blocks under a heading are cut once more where a paragraph names a role of its own.
    """
    sections: list[Section] = []
    path: list[tuple[int, str]] = []
    section: list[Block] = []
    leads = _find_leads(markup, blocks)
    for block in blocks:
        if block.kind == "heading" and not (section and _is_figure(markup[block.start])):
            if section:
                sections += _sections(path, section, markup, leads)
            level, text = heading_text(markup[block.start : block.end])
            while path and path[-1][0] >= level:
                path.pop()
            path = [*path, (level, text)] if block.start != title_at and text else path
            section = []
        section.append(block)
    if section:
        sections += _sections(path, section, markup, leads)
    return tuple(sections)


def _is_figure(heading: str) -> bool:
    """Return whether a heading is an image without words, which belongs to the text above it."""
    return "![" in heading and not heading_text([heading])[1]


def _sections(
    path: Sequence[tuple[int, str]],
    blocks: Sequence[Block],
    markup: Sequence[str],
    leads: dict[int, _Lead],
) -> Iterator[Section]:
    """Cut the blocks under a heading where the roles change; a heading stays with the first."""
    headings = tuple(text for _, text in path)
    own = next(filter(None, map(roles_of, reversed(headings))), ())
    current, group = own, [block for block in blocks[:1] if block.kind == "heading"]
    only_heading = True
    for roles, block in _with_roles(blocks[len(group) :], own, markup, leads):
        if roles != current and not only_heading and block.kind != "rule":
            yield Section(headings, current, tuple(group))
            group = []
        current = current if block.kind == "rule" and not only_heading else roles
        only_heading = False
        group.append(block)
    yield Section(headings, current, tuple(group))


def _with_roles(
    blocks: Sequence[Block], own: tuple[Role, ...], markup: Sequence[str], leads: dict[int, _Lead]
) -> Iterator[tuple[tuple[Role, ...], Block]]:
    """Yield each block with its roles: of its own line, else of the last bold lead, else `own`.

    A line (`tl;dr: …`, `> [!abstract]`) counts for its own paragraph or item, and a bare
    `tl;dr:` for the block after it too.
    """
    following: tuple[Role, ...] = ()  # of a bare line, for the next block
    opened: _Lead | None = None
    for block in _unfolded(blocks, markup):
        roles, following = following, ()
        if not roles and block.kind in _CLAIMING:
            roles = roles_of_line(markup[block.start])
            if roles and block.kind == "paragraph" and _is_bare(block, markup):
                following = roles
        lead = None if roles else leads.get(block.start)
        if lead and not (opened and opened.is_alone and not lead.roles and not lead.is_alone):
            opened = lead
        yield roles or (opened.roles if opened else ()) or own, block


def _unfolded(blocks: Iterable[Block], markup: Sequence[str]) -> Iterator[Block]:
    """Yield the blocks, with the items of a list in its place where one of them names a role."""
    for block in blocks:
        if block.kind in ("list", "item") and _claims_inside(block, markup):
            yield from _unfolded(block.children, markup)
        else:
            yield block


def _claims_inside(block: Block, markup: Sequence[str]) -> bool:
    """Return whether an item of a list names a role, or one of the list below a digest's item."""
    if block.kind == "item":
        return not roles_of_line(markup[block.start]) and any(
            child.kind == "list" and _claims_inside(child, markup) for child in block.children
        )
    return any(roles_of_line(markup[item.start]) for item in block.children)


def _is_bare(block: Block, markup: Sequence[str]) -> bool:
    """Return whether a paragraph is nothing but `tl;dr:`."""
    letters = filter(str.isalpha, "".join(markup[block.start : block.end]))
    return "".join(letters).lower() == "tldr"


def _find_leads(markup: Sequence[str], blocks: Sequence[Block]) -> dict[int, _Lead]:
    """Return the bold leads of a note by position; none where a single one may be emphasis."""
    leads: dict[int, _Lead] = {}
    for block in blocks:
        line = markup[block.start]
        if block.kind == "paragraph" and line.startswith(("**", "__")):
            match = _LEAD.fullmatch(line)
            if match and (match[3] or not match[4] or match[2].endswith((":", "."))):
                leads[block.start] = _Lead(roles_of(match[2]), not match[4])
    with_role = [lead for lead in leads.values() if lead.roles]
    return leads if len(with_role) > 1 or any(lead.is_alone for lead in with_role) else {}
