"""Choose the index that a command works on.

By name or folder where the person gives one; else the one that environment or settings name; else
that of this folder; else the one of the notes that the settings name, and at last the one that the
person made last. An index chosen by what is remembered of it comes with the settings that it was
made with: those of this folder may be somebody else's.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.cli.chosen_index import NAME_A_CORPUS, ChosenIndex, unknown_name
from notesearch.cli.output import show_warning
from notesearch.errors import UnusableIndexError, UsageError

if TYPE_CHECKING:
    from notesearch.known_indexes import KnownIndex


def choose_index(
    config: Path | None,
    wanted: str | None = None,
    corpus: Path | None = None,
) -> ChosenIndex:
    """Choose one index: `wanted` is what --index gives, `corpus` what --corpus gives."""
    from notesearch.engine_address import folder_at
    from notesearch.settings import load_settings

    if wanted is not None:
        named = _named(wanted)
        if len(named) > 1:
            raise UsageError(
                f"-i {wanted} names {len(named)} indexes, and this command takes one; "
                f"give one of them, as in -i {named[0].name}"
            )
        if named:
            return _remembered(named[0], config, corpus, name=named[0].name)
    settings = load_settings(config, warn=show_warning)
    if corpus is not None:
        settings = replace(settings, corpus=corpus)
    if wanted is not None:
        unknown = "" if _is_path(wanted) else wanted
        settings = replace(settings, index=folder_at(wanted))
        return ChosenIndex(settings, config, corpus=corpus, unknown=unknown)
    chosen = ChosenIndex(settings, config, is_default=True, corpus=corpus)
    if settings.places.get("index") or "index" in settings.left_out:
        return _as_set(chosen)
    return _own_or_remembered(chosen)


def choose_indexes(
    config: Path | None, wanted: str | None = None, corpus: Path | None = None
) -> list[ChosenIndex]:
    """Choose the indexes that a question asks, most often one."""
    named = _named(wanted) if wanted is not None else []
    if len(named) < 2:
        return [choose_index(config, wanted, corpus)]
    if corpus is not None:
        raise UsageError("--corpus names the notes of one index; leave it out, or name one index")
    return [_remembered(known, config, None, name=known.name) for known in named]


def choose_indexes_of(
    note: str, config: Path | None, wanted: str | None
) -> tuple[list[ChosenIndex], str]:
    """Choose the indexes that a note may be in, and return what it is called there.

    A hit of several indexes has the name of its own before its path, as in work:robot.md.
    """
    from notesearch.known_indexes import find_known

    name, colon, rest = note.partition(":")
    # A title such as "BERT: Pre-training of …" has a space there.
    if wanted is None and colon and not rest[:1].isspace() and find_known(name):
        return [choose_index(config, name)], rest
    return choose_indexes(config, wanted), note


def choose_index_in(folder: Path, config: Path | None) -> ChosenIndex:
    """Choose the index in a folder that was asked before, as it was made where that is known."""
    from notesearch.known_indexes import known_in

    known = known_in(folder)
    if known is None:
        return choose_index(config, str(folder))
    return _remembered(known, config, None, name=known.name)


def choose_named(
    config: Path | None, wanted: str | None, corpus: Path | None, name: str
) -> ChosenIndex:
    """Choose the index that is to have a name: the one that has it, or a new one.

    An index of the same notes that has another name gets this one.
    """
    from notesearch.corpus.folder import DEFAULT_CORPUS
    from notesearch.index.index_layout import index_command
    from notesearch.known_indexes import find_known, own_place, require_free_name

    chosen = choose_index(config, wanted, corpus)
    notes = corpus or chosen.settings.corpus or chosen.settings.root / DEFAULT_CORPUS
    require_free_name(name, notes)
    known = find_known(name)
    if known is not None and wanted is None:
        return _remembered(known, config, corpus, name=known.name)
    if known is not None and known.folder != chosen.index_dir.resolve():
        raise UsageError(
            f"{known.name} is the index in {known.folder}; leave --index out, or run: "
            f"notesearch indexes --forget {known.name}"
        )
    made_of = chosen.made_of()
    if wanted is not None or (made_of is not None and made_of == notes.resolve()):
        return chosen
    again = index_command(notes, None, "--name", name).split()[2:]
    settings = replace(chosen.settings, index=own_place(name), corpus=notes)
    return ChosenIndex(settings, config, corpus=corpus, recall=tuple(again))


def _is_path(wanted: str) -> bool:
    return os.sep in wanted or wanted.startswith((".", "~"))


def _named(wanted: str) -> list[KnownIndex]:
    """Return the indexes of a name, or of names with commas; none where a folder is meant.

    A name goes before a folder of this name: that of somebody else's takes the place of none.
    """
    from notesearch.known_indexes import ALL, list_known

    if _is_path(wanted):
        return []
    known = list_known()
    by_name = {one.name.casefold(): one for one in known}
    parts = [part.strip().casefold() for part in wanted.split(",")]
    if parts == [ALL]:
        there = [one for one in known if one.is_there()]
        if not there and not Path(ALL).exists():
            raise UnusableIndexError(f"no index was made yet; {NAME_A_CORPUS}")
        return there
    found = dict.fromkeys(part for part in parts if part in by_name)
    unknown = [part for part in parts if part not in by_name]
    if not unknown:
        return [by_name[part] for part in found]
    if len(parts) == 1 or not known or Path(wanted).exists():
        return []
    raise UnusableIndexError(unknown_name(unknown[0], [one.name for one in known]))


def _remembered(
    known: KnownIndex,
    config: Path | None,
    corpus: Path | None,
    *,
    name: str = "",
    recall: tuple[str, ...] = (),
    why: str = "",
) -> ChosenIndex:
    """Choose an index with the settings that it was made with."""
    from notesearch.settings import load_settings, load_settings_of

    if config is not None:
        settings = load_settings(config, warn=show_warning)
    else:
        made_with = known.settings
        if made_with is not None and not os.path.lexists(made_with):
            made_with = None
        settings = load_settings_of(made_with, warn=show_warning)
    settings = replace(settings, index=known.folder, corpus=corpus or known.corpus)
    recall = ("-i", name) if name else recall
    return ChosenIndex(settings, config, corpus=corpus, recall=recall, name=name, why=why)


def _as_set(chosen: ChosenIndex) -> ChosenIndex:
    """Choose the index that environment or settings name, or that waits for the person's trust."""
    from notesearch.known_indexes import known_of_corpus, list_known
    from notesearch.render.known_indexes import shown_path
    from notesearch.settings import DEFAULT_INDEX, THE_ENVIRONMENT
    from notesearch.settings_file import user_settings_file

    settings = chosen.settings
    place = settings.places.get("index", "")
    own = str(user_settings_file())
    is_own_choice = place == own
    if is_own_choice and chosen.corpus is not None:
        made_of, known = chosen.made_of(), known_of_corpus(chosen.corpus)
        if known is not None and made_of != chosen.corpus.resolve():
            return _of_corpus(chosen, known)
    waits = "index" in settings.left_out
    is_named = waits or place == THE_ENVIRONMENT or settings.index != settings.root / DEFAULT_INDEX
    is_one_of_several = is_own_choice and len(list_known()) > 1
    why = f"as {shown_path(Path(own))} says" if is_one_of_several else ""
    recall = () if is_own_choice and chosen.corpus is None and not waits else None
    return replace(chosen, is_default=not is_named, why=why, recall=recall)


def _own_or_remembered(chosen: ChosenIndex) -> ChosenIndex:
    """Choose this folder's index, or else the one of the notes that are named, or made last."""
    from notesearch.known_indexes import known_of_corpus, last_made

    if chosen.exists():
        made_of = chosen.made_of()
        if chosen.corpus is None or made_of is None or made_of == chosen.corpus.resolve():
            return chosen
    corpus = chosen.settings.corpus
    if corpus is not None:
        known = known_of_corpus(corpus)
        return chosen if known is None else _of_corpus(chosen, known)
    if chosen.has_corpus():
        return chosen
    known = last_made()
    if known is None:
        return chosen
    return _remembered(known, chosen.config, None, why="the last one that was made")


def _of_corpus(chosen: ChosenIndex, known: KnownIndex) -> ChosenIndex:
    """Choose the index that was made of the notes that command or settings name."""
    from notesearch.render.known_indexes import shown_path

    recall = (str(chosen.corpus),) if chosen.corpus is not None else ()
    why = f"in {shown_path(known.folder)}"
    return _remembered(known, chosen.config, chosen.corpus, recall=recall, why=why)
