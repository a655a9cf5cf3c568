"""References as BibTeX, CSL-JSON and Markdown: what the programs that read them make of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from notesearch import Index, NoteKind, Paper, StoredNote
from notesearch.bibliography.bib_reader import read_bib
from notesearch.bibliography.known_entries import Bibliography
from notesearch.papers import with_entry
from notesearch.render.bibtex import readable_title
from notesearch.render.citations import CITATION_FORMATS
from tests.fakes import WordEmbedder

ROOT = Path(__file__).parents[2]
WILD = Path(os.environ.get("NOTESEARCH_DATA", ROOT.parent / "shared" / "data")) / "wild" / "notes"
# Three collections with authors, links and titles of many kinds.
SAMPLE = ("mhagiwara__paper-reviews", "ruipeterpan__paper_notes", "aleju__papers")
NOTE = StoredNote(
    note_id="a.md", path="a.md", title="", kind=NoteKind.NOTE, line_start=1, line_end=2
)


def paper(title: str = "A Title", *authors: str, **facts: object) -> Paper:
    known: dict[str, object] = {"ids": (), "year": None, "and_others": False, "link": None}
    return Paper(key="lee2020", title=title, authors=authors, notes=(NOTE,), **(known | facts))  # type: ignore[arg-type]


def written(name: str, *papers: Paper) -> str:
    return "\n".join(CITATION_FORMATS[name](papers))


def bibtex_fields(one: Paper) -> dict[str, str]:
    return dict(re.findall(r"^  (\w+) = \{(.*)\},$", written("bibtex", one), re.MULTILINE))


DPO = paper(
    "Direct Preference Optimization: Your LM is a Reward Model",
    "Rafael Rafailov",
    "van den Oord, Aäron",
    "OpenAI",
    ids=("arxiv:2305.18290", "doi:10.1234/x_y"),
    year=2023,
    and_others=True,
)


def test_entry_for_bibtex():
    assert written("bibtex", DPO) == (
        "@misc{lee2020,\n"
        '  author = {Rafailov, Rafael and van den Oord, A{\\"a}ron and {OpenAI} and others},\n'
        "  title = {Direct Preference Optimization: Your {LM} is a Reward Model},\n"
        "  year = {2023},\n"
        "  eprint = {2305.18290},\n"
        "  archiveprefix = {arXiv},\n"
        "  doi = {10.1234/x_y},\n"
        "  url = {https://arxiv.org/abs/2305.18290},\n"
        "}"
    )


def test_item_of_csl():
    assert json.loads(written("csl", DPO)) == [
        {
            "id": "lee2020",
            "type": "document",
            "title": DPO.title,
            "author": [
                {"family": "Rafailov", "given": "Rafael"},
                {"family": "Oord", "given": "Aäron", "non-dropping-particle": "van den"},
                {"literal": "OpenAI"},
                {"literal": "others"},
            ],
            "issued": {"date-parts": [[2023]]},
            "number": "arXiv:2305.18290",
            "DOI": "10.1234/x_y",
            "URL": "https://arxiv.org/abs/2305.18290",
        }
    ]


def test_line_of_markdown():
    assert written("markdown", DPO) == (
        "- Rafael Rafailov, Aäron van den Oord, OpenAI et al. (2023). "
        "*Direct Preference Optimization: Your LM is a Reward Model*. "
        "[arXiv:2305.18290](<https://arxiv.org/abs/2305.18290>)."
    )
    assert written("markdown", paper("T", "Ada Lee", "Bo Chen")) == "- Ada Lee and Bo Chen. *T*."


def test_what_no_note_says_is_left_out():
    assert written("bibtex", paper()) == "@misc{lee2020,\n  title = {A Title},\n}"
    assert json.loads(written("csl", paper())) == [
        {"id": "lee2020", "type": "document", "title": "A Title"}
    ]
    assert written("markdown", paper()) == "- *A Title*."


def test_id_without_an_address_gives_none():
    one = paper(ids=("cvf:x_eccv_2018",))
    assert "url" not in bibtex_fields(one)
    assert written("markdown", one) == "- *A Title*. cvf:x_eccv_2018."


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("50% of A & B_c #1", r"50\% of A \& B\_c \#1"),
        ("a{b}c", r"a{\textbraceleft}b{\textbraceright}c"),
        ("a\\input", r"a{\textbackslash}input"),
        ("5$ ~ x^2", r"5\$ {\textasciitilde} x{\textasciicircum}2"),
        ("a<b>c|d`", r"a{\textless}b{\textgreater}c{\textbar}d{\textasciigrave}"),
        ("Čapek's Übung ı ß", r"{\v C}apek's {\"U}bung {\i} {\ss}"),
        ("学习 Ωmega ễ", "学习 Ωmega ễ"),
        ("GPT-4: An R1, Q", "{GPT-4}: An {R1}, {Q}"),
        ("#AB c", r"{{\#AB}} c"),
        ("two\nlines\tand\x1b", "two lines and"),
    ],
)
def test_text_is_escaped_for_latex(title, shown):
    assert bibtex_fields(paper(title))["title"] == shown


def test_formula_in_a_title_is_shown_as_a_reader_sees_it():
    assert bibtex_fields(paper(r"$\pi_0$ and $\alpha$"))["title"] == "π₀ and α"


@pytest.mark.parametrize("link", ['https://a.b/{}\\%20"<x>`^|ü', "https://a.b/}\n@misc{x,"])
def test_link_ends_no_field(link):
    address = bibtex_fields(paper(link=link))["url"]
    assert address.isascii()
    assert not set('{}\\"<>`^|\n ') & set(address)


@pytest.mark.parametrize("hostile", ["{", "}", "}}", "\\", "@misc{x,", '"', "%", "a and b", "$"])
def test_hostile_words_stay_in_their_field(hostile):
    bibtexparser = pytest.importorskip("bibtexparser")
    one = paper(hostile, hostile, f"{hostile} Lee", link=f"https://a.b/{hostile}", year=2020)
    library = bibtexparser.parse_string(written("bibtex", one, replace(DPO, key="dpo")))
    assert not library.failed_blocks
    assert [[field.key for field in entry.fields] for entry in library.entries] == [
        ["author", "title", "year", "url"],
        ["author", "title", "year", "eprint", "archiveprefix", "doi", "url"],
    ]
    assert len(json.loads(written("csl", one))[0]["author"]) == 2


def test_page_of_the_commands_shows_an_entry_of_the_notes_that_ship(tmp_path):
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```bibtex\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL)
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as index:
        index.update(ROOT / "corpus")
        assert written("bibtex", *index.papers_of("alignment/dpo.md")) == shown


@pytest.fixture(scope="module")
def real_papers(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Paper]:
    folder = tmp_path_factory.mktemp("cited")
    shutil.copytree(ROOT / "corpus", folder / "notes/corpus")
    for name in SAMPLE if WILD.is_dir() else ():
        shutil.copytree(WILD / name, folder / "notes" / name)
    with Index.open(folder / "index", WordEmbedder(), create=True) as index:
        index.update(folder / "notes")
        return index.papers()


# What the library that decodes LaTeX reads in another way.
READ_ELSE = str.maketrans({"ˆ": "^", "—": "-"})


def plain(text: str) -> str:
    return re.sub("-+", "-", text.translate(READ_ELSE).replace("<", "").replace(">", ""))


def test_a_library_reads_every_entry_of_real_notes_back(real_papers):
    bibtexparser = pytest.importorskip("bibtexparser")
    from bibtexparser.middlewares import LatexDecodingMiddleware

    library = bibtexparser.parse_string(
        written("bibtex", *real_papers), append_middleware=[LatexDecodingMiddleware()]
    )
    assert not library.failed_blocks
    assert [entry.key for entry in library.entries] == [one.key for one in real_papers]
    for entry, one in zip(library.entries, real_papers, strict=True):
        assert plain(entry["title"]) == plain(readable_title(one))
        authors = entry["author"].split(" and ") if "author" in entry else []
        assert len(authors) == len(one.authors) + one.and_others


@pytest.mark.skipif(not shutil.which("bibtex"), reason="needs BibTeX, of TeX Live")
def test_bibtex_warns_of_missing_authors_alone(real_papers, tmp_path):
    (tmp_path / "notes.bib").write_text(written("bibtex", *real_papers), encoding="utf-8")
    aux = "\\relax\n\\citation{*}\n\\bibstyle{plain}\n\\bibdata{notes}\n"
    (tmp_path / "paper.aux").write_text(aux, encoding="utf-8")
    ended = subprocess.run(
        ["bibtex", "paper"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stdout
    warned = re.findall(r"^Warning--(.*)", ended.stdout, re.MULTILINE)
    nameless = {one.key for one in real_papers if not one.authors}
    assert set(warned) == {f"to sort, need author or key in {key}" for key in nameless}
    shown = (tmp_path / "paper.bbl").read_text(encoding="utf-8")
    assert set(re.findall(r"\\bibitem\{(\w+)\}", shown)) == {one.key for one in real_papers}


# What the data schema of CSL 1.0.2 says of the fields that are written here: a table of its own
# words, with nothing else allowed.
TEXT = {"type": "string", "minLength": 1}
NUMBER = {"type": ["string", "number"]}
NAMES = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(
            ["family", "given", "non-dropping-particle", "dropping-particle", "suffix", "literal"],
            TEXT,
        ),
    },
}
DATE = {
    "type": "object",
    "required": ["date-parts"],
    "additionalProperties": False,
    "properties": {
        "date-parts": {
            "type": "array",
            "maxItems": 2,
            "items": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "integer"}},
        }
    },
}
CSL_TYPES = """article article-journal article-magazine article-newspaper bill book broadcast
    chapter classic collection dataset document entry entry-dictionary entry-encyclopedia
    event figure graphic hearing interview legal_case legislation manuscript map motion_picture
    musical_score pamphlet paper-conference patent performance periodical personal_communication
    post post-weblog regulation report review review-book software song speech standard thesis
    treaty webpage"""
CSL = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["id", "type"],
        "additionalProperties": False,
        "properties": {
            "id": NUMBER,
            "type": {"enum": CSL_TYPES.split()},
            "author": NAMES,
            "editor": NAMES,
            "issued": DATE,
            **dict.fromkeys(["volume", "issue", "number", "edition"], NUMBER),
            **dict.fromkeys(
                ["title", "title-short", "container-title", "collection-title", "event-title",
                 "publisher", "publisher-place", "page", "genre", "language", "ISBN", "ISSN", "DOI",
                 "URL", "PMID", "PMCID"],
                TEXT,
            ),
        },
    },
}  # fmt: skip


def assert_is_csl(text: str) -> list[dict[str, object]]:
    jsonschema = pytest.importorskip("jsonschema")
    items: list[dict[str, object]] = json.loads(text)
    jsonschema.validate(items, CSL)
    assert len({item["id"] for item in items}) == len(items)
    return items


def test_every_item_of_real_notes_is_one_of_csl(real_papers):
    assert len(assert_is_csl(written("csl", *real_papers))) == len(real_papers)


# ---------------------------------------------------------------- the person's own entries


def with_entries() -> list[Paper]:
    """Papers with the entries of real-looking exports, and one that has none."""
    files = sorted((ROOT / "tests/bibliography").glob("*.bib"))
    entries = [
        entry
        for file in files
        for entry in read_bib(file.read_text(encoding="utf-8"), file.name)[0]
    ]
    kept = Bibliography(entries)
    found = []
    for entry in entries:
        note = replace(NOTE, aliases=(f"@{entry.key}",), title="Nickname")
        own = kept.entry_of([note])
        assert own
        found.append(with_entry(paper("Nickname"), own))
    return [replace(one, key=own_key(one)) for one in found] + [DPO]


def own_key(one: Paper) -> str:
    return one.entry.key if one.entry else one.key


def test_own_entry_is_written_with_its_key_and_all_its_fields():
    bibtexparser = pytest.importorskip("bibtexparser")
    papers = with_entries()
    library = bibtexparser.parse_string(written("bibtex", *papers))
    assert not library.failed_blocks
    assert [entry.key for entry in library.entries] == [one.key for one in papers]
    for entry, one in zip(library.entries[:-1], papers, strict=False):
        assert one.entry
        assert entry.entry_type == one.entry.kind
        assert {field.key: field.value for field in entry.fields} == dict(one.entry.fields)


def test_control_signs_of_an_own_entry_are_left_out():
    text = "@misc{a\u202eb\x1b, title = {x\x1b[31m \u2066y}, author = {\x9bLee, Ada}}"
    (entry,), _ = read_bib(text, "refs.bib")
    one = replace(with_entry(paper(), entry), key=entry.key)
    for name in CITATION_FORMATS:
        assert written(name, one).replace("\n", "").isprintable()


def test_what_is_written_is_read_as_it_was():
    papers = with_entries()
    again, findings = read_bib(written("bibtex", *papers), "again.bib")
    assert not findings
    for entry, one in zip(again, papers, strict=False):
        if one.entry:
            assert (entry.kind, entry.key, entry.fields) == (
                one.entry.kind,
                one.entry.key,
                one.entry.fields,
            )


@pytest.mark.skipif(not shutil.which("bibtex"), reason="needs BibTeX, of TeX Live")
def test_bibtex_reads_own_entries(tmp_path):
    # Names with their parts named are for biber alone, in the person's file too.
    papers = [one for one in with_entries() if one.key != "huEntropieLernen2024"]
    (tmp_path / "notes.bib").write_text(written("bibtex", *papers), encoding="utf-8")
    aux = "\\relax\n\\citation{*}\n\\bibstyle{plain}\n\\bibdata{notes}\n"
    (tmp_path / "paper.aux").write_text(aux, encoding="utf-8")
    ended = subprocess.run(
        ["bibtex", "paper"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    # Fields that only biber knows leave some empty: BibTeX warns of them, and of nothing else.
    warned = re.findall(r"^Warning--(.*)", ended.stdout, re.MULTILINE)
    assert "error" not in ended.stdout.lower()
    assert all(re.match(r"empty |to sort, need|entry type for", text) for text in warned)
    shown = (tmp_path / "paper.bbl").read_text(encoding="utf-8")
    assert len(re.findall(r"\\bibitem", shown)) == len(papers)
    assert "editors, {\\em Advances in Neural Information Processing Systems 30}, Long Beach" in (
        " ".join(shown.split())
    )


@pytest.mark.skipif(not shutil.which("biber"), reason="needs biber, of TeX Live")
def test_biber_reads_own_entries_and_those_made_of_notes(tmp_path, real_papers):
    some = [replace(one, key=f"note{number}") for number, one in enumerate(real_papers[:100])]
    papers = [*with_entries(), *some]
    (tmp_path / "notes.bib").write_text(written("bibtex", *papers), encoding="utf-8")
    ended = subprocess.run(
        ["biber", "--tool", "--validate-datamodel", "notes.bib"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout
    assert "ERROR" not in ended.stdout
    kept = (tmp_path / "notes_bibertool.bib").read_text(encoding="utf-8")
    assert len(re.findall(r"^@", kept, re.MULTILINE)) == len(papers)


def test_own_entries_are_items_of_csl():
    items = {item["id"]: item for item in assert_is_csl(written("csl", *with_entries()))}
    direct = items["rafailovDirectPreferenceOptimization2023"]
    assert direct["type"] == "paper-conference"
    assert direct["container-title"] == "Advances in Neural Information Processing Systems 36"
    assert direct["page"] == "53728-53741"
    assert direct["issued"] == {"date-parts": [[2023, 12, 10]]}
    online = items["huEntropieLernen2024"]
    assert (online["type"], online["number"]) == ("article", "arXiv:2403.01234")
    assert online["author"] == [
        {"family": "Müller", "given": "Jörg"},
        {"family": "Ğök", "given": "Şule"},
        {"family": "Oord", "given": "Aäron", "non-dropping-particle": "van den"},
        {"literal": "Allen Institute for AI"},
    ]
    options = items["sutton1999options"]
    assert (options["type"], options["issue"], options["DOI"]) == (
        "article-journal",
        "1–2",
        "10.1016/s0004-3702(99)00052-1",
    )
    thesis = items["Lee_2020:thesis"]
    assert (thesis["genre"], thesis["publisher"]) == ("PhD thesis", "Université de Montréal")


def test_own_entries_as_references():
    lines = written("markdown", *with_entries()).split("\n")
    assert (
        "- Jörg Müller, Şule Ğök, Aäron van den Oord, and Allen Institute for AI (2024). "
        "*Über Entropie Und Lernen: eine Übersicht*. "
        "[arXiv:2403.01234](<https://arxiv.org/abs/2403.01234>)."
    ) in lines
    assert (
        "- Léon Bottou, Frank E. Curtis, and Jorge Nocedal (2018). *Optimization Methods for "
        "Large-Scale Machine Learning*. Journal of Machine Learning Research. "
        "[doi:10.1137/16m1080173](<https://doi.org/10.1137/16m1080173>)."
    ) in lines
