"""Read the BibTeX files of the person: those among the notes, and those that the settings name.

They are read when papers are asked for, and not kept in the index: a reference manager writes its
export anew with each paper, and an entry that an update has kept would be the one before. 5,000
entries take some 0.7 s, which a question about anything else never waits for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from notesearch.bibliography.bib_entry import BibEntry
from notesearch.bibliography.bib_reader import read_bib
from notesearch.records import Finding
from notesearch.regular_files import read_inside, read_regular

BIB_SUFFIXES = frozenset({".bib"})
# A library of 20,000 entries with abstracts has some 50 MB.
_MOST_BYTES = 50_000_000  # of all files together
_MOST_FILES = 200
_MOST_SHOWN = 3  # faults of one file


def read_entries(
    corpus: Path | None,
    paths: Sequence[str],
    named: Sequence[Path],
    *,
    follow_links: bool,
    warn: Callable[[str], None],
) -> Iterator[BibEntry]:
    """Yield the entries of the files that are named, then of those with paths in a corpus.

    `warn` hears of each file that cannot be read, and of what is wrong in the others.
    """
    known = {os.path.realpath(file) for file in named}
    files: list[tuple[str, Callable[..., bytes]]] = [
        (str(file), partial(read_regular, file)) for file in named
    ]
    if corpus is not None:
        files += [
            (path, partial(read_inside, corpus, path, follow_links=follow_links))
            for path in paths
            if os.path.realpath(corpus / path) not in known
        ]
    if len(files) > _MOST_FILES:
        warn(f"there are {len(files):,} .bib files; the first {_MOST_FILES} are read")
    room = _MOST_BYTES
    for number, (name, read) in enumerate(files[:_MOST_FILES]):
        is_named = number < len(named)
        try:
            content = read(most=room + 1)
        except OSError as error:
            remedy = "; mend the setting bibliography" if is_named else ""
            warn(f"{name} cannot be read: {error.strerror or error}{remedy}")
            continue
        room -= len(content)
        if room < 0:
            warn(f"{name} is left out: .bib files have more than {_MOST_BYTES // 10**6} MB")
            return
        entries, findings = read_bib(_decode(content), name)
        for text in _faults(name, findings):
            warn(text)
        if is_named and not entries and not findings:
            warn(f"{name} has no entries; export your references as BibTeX or BibLaTeX")
        yield from entries


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # what BibTeX files had before UTF-8


def _faults(name: str, findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings[:_MOST_SHOWN]:
        yield f"{name}, line {finding.line}: {finding.reason}"
    if len(findings) > _MOST_SHOWN:
        yield f"{name}: {len(findings) - _MOST_SHOWN:,} more such lines"
