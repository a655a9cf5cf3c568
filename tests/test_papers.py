"""Which notes are on one paper, and the keys by which papers are cited."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch import Index, NoteNameError, Paper
from tests.fakes import WordEmbedder

TITLE = "Deep Learning for Policies of Robots"


def header(title: str, **facts: object) -> str:
    lines = [f'title: "{title}"', *(f"{name}: {value}" for name, value in facts.items())]
    return "---\n" + "\n".join(lines) + "\n---\n\nThe policy takes small steps.\n"


def index_of(folder: Path, notes: dict[str, str]) -> Index:
    for path, text in notes.items():
        (folder / "notes" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "notes" / path).write_text(text, encoding="utf-8")
    index = Index.open(folder / "index", WordEmbedder(), create=True)
    index.update(folder / "notes")
    return index


def gathered(folder: Path, notes: dict[str, str]) -> list[list[str]]:
    with index_of(folder, notes) as index:
        return sorted(sorted(note.path for note in paper.notes) for paper in index.papers())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (header("A", arxiv="2305.18290"), header("B", doi="10.48550/arXiv.2305.18290")),
        (header("A", doi="10.1234/X"), header("B", url="https://doi.org/10.1234/x")),
        (header(TITLE, arxiv="2305.18290"), header(TITLE.upper())),
        (header("LoRA", arxiv="2106.09685"), header("lora")),
        (header(TITLE, arxiv="2305.18290"), header(TITLE, year=2024)),
        (header(TITLE, arxiv="2305.18290"), header(TITLE, doi="10.1234/x", year=2024)),
        (header(TITLE, authors="Ada Lee"), header(TITLE)),
    ],
)
def test_notes_are_on_one_paper(tmp_path, first, second):
    assert gathered(tmp_path, {"a.md": first, "b.md": second}) == [["a.md", "b.md"]]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (header(TITLE, arxiv="2305.18290"), header(TITLE, arxiv="2305.18291")),
        (header(TITLE, arxiv="2305.18290"), header(TITLE, year=2019)),
        (header("A Survey", arxiv="2305.18290"), header("A Survey", doi="10.1234/x")),
        (header("A Survey", year=2020), header("A Survey", year=2020) + "\nOf robots.\n"),
    ],
)
def test_notes_are_on_two_papers(tmp_path, first, second):
    assert gathered(tmp_path, {"a.md": first, "b.md": second}) == [["a.md"], ["b.md"]]


def test_short_title_of_two_papers_is_that_of_neither(tmp_path):
    notes = {
        "a.md": header("A Survey", arxiv="2305.18290"),
        "b.md": header("A Survey", doi="10.1234/x"),
        "c.md": header("A Survey", year=2023),
    }
    assert gathered(tmp_path, notes) == [["a.md"], ["b.md"], ["c.md"]]


def test_id_joins_what_a_title_joins(tmp_path):
    notes = {
        "a.md": header(TITLE),
        "b.md": header(TITLE, arxiv="2305.18290"),
        "c.md": header("Nickname", arxiv="2305.18290"),
        "d.md": header("Nickname"),
    }
    assert gathered(tmp_path, notes) == [["a.md", "b.md", "c.md", "d.md"]]


def test_note_that_names_no_paper_is_on_none(tmp_path):
    with index_of(tmp_path, {"a.md": header("Shopping"), "b.md": header("B", year=2020)}) as index:
        assert [paper.title for paper in index.papers()] == ["B"]
        assert index.papers_of("a.md")[0].title == "Shopping"
        with pytest.raises(NoteNameError):
            index.papers_of("a.md", "nonesuch")


def test_paper_is_said_by_the_note_that_says_most(tmp_path):
    notes = {
        "a.md": header("DPO", arxiv="2305.18290"),
        "b.md": header(TITLE, arxiv="2305.18290", authors="Ada Lee, Bo Chen"),
        "c.md": header(TITLE, doi="10.1234/x", authors="Ada Lee et al."),
    }
    with index_of(tmp_path, notes) as index:
        (paper,) = index.papers()
    assert (paper.title, paper.year, paper.authors) == (TITLE, 2023, ("Ada Lee", "Bo Chen"))
    assert (paper.ids, paper.and_others) == (("arxiv:2305.18290", "doi:10.1234/x"), False)


def test_longer_list_of_authors_wins_though_it_is_not_whole(tmp_path):
    notes = {
        "a.md": header(TITLE, authors="Ada Lee"),
        "b.md": header(TITLE, authors="Ada Lee, Bo Chen et al."),
    }
    with index_of(tmp_path, notes) as index:
        (paper,) = index.papers()
    assert (paper.authors, paper.and_others) == (("Ada Lee", "Bo Chen"), True)


def test_link_is_that_of_the_note_only_where_there_is_no_id(tmp_path):
    link = "https://example.org/paper"
    notes = {
        "a.md": header("A", year=2020, url=link),
        "b.md": header("B", arxiv="2305.18290", url=link),
    }
    with index_of(tmp_path, notes) as index:
        assert {paper.title: paper.link for paper in index.papers()} == {"A": link, "B": None}


def test_filter_chooses_papers_and_hides_none_of_their_notes(tmp_path):
    notes = {
        "a.md": header(TITLE, arxiv="2305.18290", tags="[dpo]"),
        "b.md": header(TITLE, arxiv="2305.18290"),
        "c.md": header("C", year=2020),
    }
    with index_of(tmp_path, notes) as index:
        (paper,) = index.papers("tag:dpo")
        assert paper in index.papers()
    assert len(paper.notes) == 2


def test_copies_with_a_short_title_are_on_one_paper(tmp_path):
    same = header("A Survey", year=2020)
    notes = {"a.md": same, "b.md": same, "c.md": same + "\nAnd a word more.\n"}
    with index_of(tmp_path, notes) as index:
        copied, other = index.papers()
    assert ([note.path for note in copied.notes], copied.copies) == (["a.md", "b.md"], ("b.md",))
    assert [note.path for note in other.notes] == ["c.md"]


@pytest.mark.parametrize(
    ("noted", "title"),
    [
        ("[2019 NSDI] Tiresias: A Manager", "Tiresias: A Manager"),
        ("Polygon RNN (2017 CVPR)", "Polygon RNN"),
        ("Layers (ICLR'17)", "Layers"),
        ("🦩 Flamingo", "Flamingo"),
        ("Dialog control]", "Dialog control"),
        ("Tuning (NExT)", "Tuning (NExT)"),
        ("From r to Q*", "From r to Q*"),
        ("#Exploration [of counts]", "#Exploration [of counts]"),
    ],
)
def test_what_is_no_part_of_a_title_is_left_out(tmp_path, noted, title):
    with index_of(tmp_path, {"a.md": header(noted, year=2020)}) as index:
        assert index.papers()[0].title == title


def test_copies_are_told(tmp_path):
    same = header(TITLE, arxiv="2305.18290")
    notes = {"a.md": same, "b.md": same, "c.md": same + "\nAnd a word more.\n"}
    with index_of(tmp_path, notes) as index:
        (paper,) = index.papers()
    assert paper.copies == ("b.md",)


# Keys


def keys(index: Index) -> dict[str, str]:
    return {paper.notes[0].path: paper.key for paper in index.papers()}


@pytest.mark.parametrize(
    ("note", "key"),
    [
        (header("Direct Preference", authors="Rafael Rafailov", year=2023), "rafailov2023direct"),
        (
            header("On the Way to A", authors="van den Oord, Aäron; Lee, Ada", year=2018),
            "oord2018way",
        ),
        (header("It's All", authors="Łukasz Kaiser", year=2017), "kaiser2017its"),
        (header("It's All", authors="Søren Ångström-Ø", year=2017), "angstromo2017its"),
        (header("Vicuna: An Open Bot", authors="The Vicuna Team", year=2023), "vicuna2023open"),
        (header("GPT-4", authors="OpenAI"), "openaigpt"),
        (header("Attention Is All You Need", year=2017), "attention2017all"),
        (header("学习", year=2017), "2017"),
        (header("学习", authors="孙悟空"), "paper"),
    ],
)
def test_key_is_made_of_author_year_and_title(tmp_path, note, key):
    with index_of(tmp_path, {"a.md": note}) as index:
        assert index.papers()[0].key == key


def test_keys_that_clash_get_letters_in_the_order_in_which_papers_were_noted(tmp_path):
    notes = {
        f"{name}.md": header(f"Deep {name}", authors="Ada Lee", year=2020, date=date)
        for name, date in (("x", "2024-01-01"), ("y", "2023-01-01"), ("z", "2025-01-01"))
    }
    with index_of(tmp_path, notes) as index:
        before = keys(index)
        late = header("Deep w", authors="Ada Lee", year=2020, date="2026-01-01")
        (tmp_path / "notes/w.md").write_text(late, encoding="utf-8")
        index.update()
        after = keys(index)
    assert before == {"y.md": "lee2020deep", "x.md": "lee2020deepa", "z.md": "lee2020deepb"}
    assert after == before | {"w.md": "lee2020deepc"}


def test_no_two_papers_have_one_key_though_a_letter_makes_a_word(tmp_path):
    notes = {
        f"{name}.md": header(title, authors="Ada Lee", year=2020)
        for name, title in (("x", "Deep x"), ("y", "Deep y"), ("z", "Deepa z"))
    }
    notes |= {
        f"{number}.md": header("学习", year=2020, arxiv=f"2001.{number:05}") for number in range(30)
    }
    with index_of(tmp_path, notes) as index:
        found = keys(index)
    assert len(set(found.values())) == len(found) == 33
    assert found["z.md"] == "lee2020deepa"
    assert {"2020", "2020a", "2020z", "2020ab"} <= set(found.values())


def test_paper_is_a_value(tmp_path):
    with index_of(tmp_path, {"a.md": header("B", year=2020)}) as index:
        (paper,) = index.papers()
    assert isinstance(paper, Paper)
    assert hash(paper) == hash(paper)
