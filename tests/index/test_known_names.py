from __future__ import annotations

import pytest

from notesearch.index.known_names import names_of, other_name_words
from notesearch.records import Note, NoteKind


def made(path: str, *, id: str = "", title: str = "T", aliases: tuple[str, ...] = ()) -> Note:
    return Note(
        id=id or path,
        path=path,
        title=title,
        kind=NoteKind.NOTE,
        line_start=1,
        line_end=1,
        lines=("x",),
        markup=("x",),
        line_numbers=(1,),
        sections=(),
        aliases=aliases,
    )


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("papers/wgan.md", ("t", "wgan")),
        ("r-to-q-star.md", ("t", "rtoqstar")),
        ("BatchNorm.md", ("t", "batchnorm")),
        ("2017-03-14_wgan.md", ("t", "20170314wgan", "wgan")),
        ("03 Été.md", ("t", "03ete", "ete")),
        ("3d.unet.md", ("t", "3dunet")),
        ("t.md", ("t",)),
        ("--.md", ("t",)),
    ],
)
def test_note_goes_by_its_title_and_file_name(path: str, names: tuple[str, ...]) -> None:
    assert names_of(made(path)) == names


def test_note_goes_by_its_aliases() -> None:
    assert names_of(made("a.md", aliases=("W-GAN", "t"))) == ("t", "wgan", "a")


def test_part_of_a_digest_does_not_go_by_the_name_of_its_file() -> None:
    assert names_of(made("digest.md", id="digest.md#t")) == ("t",)


def test_words_of_aliases_and_path_are_kept_that_the_title_does_not_have() -> None:
    note = made("deep_rl/2017/wgan.v2.md", title="Wasserstein GAN of 2017", aliases=("the GAN",))
    assert other_name_words(note) == ("the", "deep", "rl", "wgan", "v2")
