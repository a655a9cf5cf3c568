"""Blocks in, sections out: each with its heading path and its role."""

from __future__ import annotations

from collections.abc import Sequence

from notesearch.corpus.facts.roles import role_of, role_of_line
from notesearch.corpus.text import heading_text
from notesearch.records import Block, Role, Section


def find_sections(
    markup: Sequence[str], blocks: Sequence[Block], title_at: int | None
) -> tuple[Section, ...]:
    """Group a note's top-level blocks by its headings; the one at `title_at` is in no path."""
    sections: list[Section] = []
    path: list[tuple[int, str]] = []
    section: list[Block] = []
    for block in blocks:
        if block.kind == "heading":
            if section:
                sections.append(_section(path, section, markup))
            level, text = heading_text(markup[block.start : block.end])
            while path and path[-1][0] >= level:
                path.pop()
            path = [*path, (level, text)] if block.start != title_at and text else path
            section = []
        section.append(block)
    if section:
        sections.append(_section(path, section, markup))
    return tuple(sections)


def _section(path: list[tuple[int, str]], blocks: list[Block], markup: Sequence[str]) -> Section:
    headings = tuple(text for _, text in path)
    return Section(headings, _role(headings, blocks, markup), tuple(blocks))


def _role(headings: tuple[str, ...], blocks: list[Block], markup: Sequence[str]) -> Role | None:
    """Take the role of the innermost heading that has one; a `TL;DR: …` line gives its own."""
    for block in blocks:
        if block.kind != "heading":
            role = role_of_line(markup[block.start])
            if role:
                return role
            break
    return next((role for heading in reversed(headings) if (role := role_of(heading))), None)
