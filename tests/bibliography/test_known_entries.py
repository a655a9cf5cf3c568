"""Which entry of the person's own .bib files a paper has, and what that changes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from notesearch import Index, JoinedIndex, NotesearchWarning, Paper, load_settings
from tests.fakes import WordEmbedder
from tests.test_papers import TITLE, header, index_of

ENTRY = """@inproceedings{{{key},
  title = {{{title}}},
  author = {{Lee, Ada and Chen, Bo}},
  year = 2023{more}
}}
"""
OTHER = "Small Steps of Large Policies"


def entry(key: str = "leeDeep2023", title: str = OTHER, **fields: str) -> str:
    more = "".join(f",\n  {name} = {{{value}}}" for name, value in fields.items())
    return ENTRY.format(key=key, title=title, more=more)


def papers(folder: Path, files: dict[str, str]) -> dict[str, Paper]:
    with index_of(folder, files) as index:
        return {note.path: paper for paper in index.papers() for note in paper.notes}


@pytest.mark.parametrize(
    ("note", "fields"),
    [
        (header("Nickname", arxiv="2305.18290"), {"eprint": "2305.18290", "eprinttype": "arxiv"}),
        (header("Nickname", arxiv="2305.18290"), {"doi": "10.48550/arXiv.2305.18290"}),
        (header("Nickname", arxiv="2305.18290"), {"url": "http://arxiv.org/abs/2305.18290v2"}),
        (header("Nickname", arxiv="2305.18290"), {"journal": "arXiv preprint arXiv:2305.18290"}),
        (header("Nickname", doi="10.1234/a_b"), {"doi": "https://doi.org/10.1234/A\\_B"}),
        (header("Nickname", url="https://x.org/p?id=7"), {"url": "http://www.x.org/p?id=7"}),
        (header("Nickname", citekey="leeDeep2023"), {}),
        (header("Nickname", aliases='["@leeDeep2023"]'), {}),
        (header(OTHER.upper()), {}),
        (header(OTHER, year=2022, authors="A. Lee, B. Chen"), {}),
    ],
)
def test_paper_has_the_entry_that_names_it(tmp_path, note, fields):
    paper = papers(tmp_path, {"a.md": note, "refs.bib": entry(**fields)})["a.md"]
    assert paper.entry
    assert (paper.key, paper.title, paper.year) == ("leeDeep2023", OTHER, 2023)
    assert paper.authors == ("Ada Lee", "Bo Chen")
    assert (paper.entry.path, paper.entry.line) == ("refs.bib", 1)


@pytest.mark.parametrize("name", ["@leeDeep2023.md", "LeeDeep2023.md"])
def test_file_may_be_called_by_the_key(tmp_path, name):
    assert papers(tmp_path, {name: "# Nickname\n\nA policy.\n", "r.bib": entry()})[name].entry


@pytest.mark.parametrize(
    ("note", "fields"),
    [
        (header(OTHER, arxiv="2305.18291"), {"eprint": "2305.18290"}),
        (header(OTHER, year=2019), {}),
        (header(OTHER, authors="Cy Young"), {}),
        (header("Small Steps", year=2023), {"title": "Small Steps"}),
        (header("Nickname", url="https://x.org/p?id=8"), {"url": "http://www.x.org/p?id=7"}),
        (header("Nickname", url="https://x.org"), {"url": "https://x.org/"}),
        (header("Nickname", citekey="leeDeep2023", arxiv="2305.18291"), {"eprint": "2305.18290"}),
    ],
)
def test_entry_of_another_paper_is_not_taken(tmp_path, note, fields):
    found = papers(tmp_path, {"a.md": note, "refs.bib": entry(**fields)})
    assert all(paper.entry is None for paper in found.values())


def test_short_title_needs_year_and_author(tmp_path):
    files = {
        "a.md": header("LoRA", year=2023, authors="Ada Lee"),
        "refs.bib": entry(title="{LoRA}"),
    }
    assert papers(tmp_path, files)["a.md"].entry


def test_notes_of_one_entry_are_on_one_paper(tmp_path):
    files = {
        "a.md": header("Nickname", arxiv="2305.18290"),
        "b.md": header("Other name", doi="10.1234/x"),
        "c.md": header(OTHER),
        "refs.bib": entry(eprint="2305.18290", doi="10.1234/x"),
    }
    found = papers(tmp_path, files)
    assert len({paper.key for paper in found.values()}) == 1
    assert found["a.md"].ids == ("arxiv:2305.18290", "doi:10.1234/x")


def test_notes_say_what_the_entry_leaves_out(tmp_path):
    note = header(TITLE, arxiv="2305.18290", authors="Ada Lee et al.")
    paper = papers(tmp_path, {"a.md": note, "refs.bib": "@misc{k1, eprint = {2305.18290}}"})["a.md"]
    assert (paper.key, paper.title, paper.year) == ("k1", TITLE, 2023)
    assert (paper.authors, paper.and_others) == (("Ada Lee",), True)


def test_keys_of_the_person_are_given_to_no_other_paper(tmp_path):
    made = "lee2023deep"
    files = {
        "a.md": header(TITLE, authors="Ada Lee", year=2023),
        "b.md": header("Nickname", doi="10.1234/x"),
        "refs.bib": entry(key=made.upper(), doi="10.1234/x") + entry(key=made + "a", title="No"),
    }
    found = papers(tmp_path, files)
    assert {path: paper.key for path, paper in found.items()} == {
        "a.md": made + "b",
        "b.md": made.upper(),
    }


def test_entry_takes_what_it_lacks_from_its_volume(tmp_path):
    files = {
        "a.md": header("Nickname", doi="10.1234/x"),
        "refs.bib": entry(doi="10.1234/x", crossref="Vol", xdata="shared, nonesuch")
        + "@proceedings{vol, title = {All of It}, year = 1999, doi = {10.1/v}, crossref = {vol}}"
        + "@xdata{shared, publisher = {Press}, title = {No}}",
    }
    own = papers(tmp_path, files)["a.md"].entry
    assert own
    fields = dict(own.fields)
    assert (fields["booktitle"], fields["year"], fields["doi"]) == (
        "All of It",
        "2023",
        "10.1234/x",
    )
    assert fields["publisher"] == "Press"
    assert "crossref" not in fields


@pytest.mark.parametrize("volume", ["nonesuch", "leeDeep2023"])
def test_volume_that_is_not_there_gives_nothing(tmp_path, volume):
    own = entry(doi="10.1234/x", crossref=volume)
    paper = papers(tmp_path, {"a.md": header("B", doi="10.1234/x"), "refs.bib": own})["a.md"]
    assert paper.entry
    assert [name for name, _ in paper.entry.fields] == ["title", "author", "year", "doi"]


def test_first_of_two_entries_counts_and_that_of_the_settings_is_first(tmp_path):
    files = {
        "a.md": header("Nickname", doi="10.1234/x"),
        "refs/a.bib": entry(key="first1", doi="10.1234/x"),
        "refs/b.bib": entry(key="second2", doi="10.1234/x"),
    }
    assert papers(tmp_path, files)["a.md"].key == "first1"
    (tmp_path / "zotero.bib").write_text(entry(key="mine3", doi="10.1234/x"), encoding="utf-8")
    file = tmp_path / "settings.yaml"
    file.write_text("bibliography: zotero.bib\nindex: index\n", encoding="utf-8")
    with Index.open(embedder=WordEmbedder(), settings=load_settings(file)) as index:
        assert index.papers()[0].key == "mine3"


def test_file_that_changes_is_read_anew_without_an_update(tmp_path):
    with index_of(tmp_path, {"a.md": header("Nickname", doi="10.1234/x")}) as index:
        assert index.papers()[0].entry is None
        (tmp_path / "notes/refs.bib").write_text(entry(doi="10.1234/x"), encoding="utf-8")
        assert index.papers()[0].key == "leeDeep2023"
        (tmp_path / "notes/.notesearchignore").write_text("*.bib\n", encoding="utf-8")
        assert index.papers()[0].entry is None


def test_several_indexes_have_the_entries_of_each(tmp_path):
    files = {"a.md": header("Nickname", doi="10.1234/x"), "refs.bib": entry(doi="10.1234/x")}
    plain = {"b.md": header("Nickname", doi="10.1234/y")}
    first, second = index_of(tmp_path / "one", files), index_of(tmp_path / "two", plain)
    with JoinedIndex({"one": first, "two": second}) as joined:
        found = {paper.notes[0].path: paper.key for paper in joined.papers()}
    assert found["one:a.md"] == "leeDeep2023"
    assert found["two:b.md"] != "leeDeep2023"


@pytest.mark.parametrize("bad", ["pipe", "folder", "link", "missing"])
def test_file_that_is_none_is_said_and_stops_nothing(tmp_path, bad):
    files = {"a.md": header("Nickname", doi="10.1234/x"), "z.bib": entry(doi="10.1234/x")}
    index = index_of(tmp_path, files)
    index.close()
    odd = tmp_path / "odd.bib"
    if bad == "pipe":
        os.mkfifo(odd)
    elif bad == "folder":
        odd.mkdir()
    elif bad == "link":
        odd.symlink_to(odd)
    file = tmp_path / "settings.yaml"
    file.write_text("bibliography: [odd.bib]\nindex: index\n", encoding="utf-8")
    with (
        Index.open(embedder=WordEmbedder(), settings=load_settings(file)) as index,
        pytest.warns(NotesearchWarning, match=r"odd\.bib cannot be read"),
    ):
        assert index.papers()[0].key == "leeDeep2023"


def test_file_without_entries_is_said_where_the_settings_name_it(tmp_path):
    index_of(tmp_path, {"a.md": header("B", year=2020), "strings.bib": "@string{a = {b}}"}).close()
    (tmp_path / "library.json").write_text("[]", encoding="utf-8")
    file = tmp_path / "settings.yaml"
    file.write_text("bibliography: library.json\nindex: index\n", encoding="utf-8")
    with (
        Index.open(embedder=WordEmbedder(), settings=load_settings(file)) as index,
        pytest.warns(NotesearchWarning) as warned,
    ):
        index.papers()
    (one,) = warned
    assert str(one.message) == (
        f"{tmp_path}/library.json has no entries; export your references as BibTeX or BibLaTeX"
    )


def test_link_out_of_the_corpus_is_not_followed(tmp_path):
    (tmp_path / "outside.bib").write_text(entry(doi="10.1234/x"), encoding="utf-8")
    with index_of(tmp_path, {"a.md": header("Nickname", doi="10.1234/x")}) as index:
        (tmp_path / "notes/refs.bib").symlink_to(tmp_path / "outside.bib")
        assert index.papers()[0].entry is None


def test_index_that_came_from_somewhere_else_has_no_folder_searched(tmp_path):
    files = {"a.md": header("Nickname", doi="10.1234/x"), "refs.bib": entry(doi="10.1234/x")}
    index_of(tmp_path / "theirs", files).close()
    shutil.move(tmp_path / "theirs/index", tmp_path / "index")
    with Index.open(tmp_path / "index", WordEmbedder()) as index:
        assert index.papers()[0].entry is None


def test_mistakes_are_said_with_their_lines_a_few_of_each_file(tmp_path):
    broken = "".join(f"@a{{b{n}, x = {{a\n\n" for n in range(5))
    files = {
        "a.md": header("Nickname", doi="10.1234/x"),
        "refs.bib": broken + entry(doi="10.1234/x"),
    }
    with index_of(tmp_path, files) as index, pytest.warns(NotesearchWarning) as warned:
        assert index.papers()[0].key == "leeDeep2023"
    assert [str(one.message) for one in warned] == [
        *(
            f"refs.bib, line {line}: a {{ that is not closed before the next entry; the entry is "
            "left out"
            for line in (1, 3, 5)
        ),
        "refs.bib: 2 more such lines",
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_old_encodings_are_read(tmp_path, encoding):
    with index_of(tmp_path, {"a.md": header("Nickname", doi="10.1234/x")}) as index:
        text = entry(doi="10.1234/x").replace("Lee, Ada", "Müller, Jörg")
        (tmp_path / "notes/refs.bib").write_text(text, encoding=encoding)
        assert index.papers()[0].authors[0] == "Jörg Müller"
