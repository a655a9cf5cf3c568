"""Files of BibTeX as reference managers and people write them, and as nobody should."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.bibliography.bib_entry import BibEntry
from notesearch.bibliography.bib_reader import MONTHS, read_bib
from tests.linear_time import assert_linear

HERE = Path(__file__).parent
EXPORTS = sorted(HERE.glob("*.bib"))


def read(text: str) -> list[BibEntry]:
    entries, findings = read_bib(text, "refs.bib")
    assert not findings
    return entries


def faults(text: str) -> list[tuple[int | None, str]]:
    return [(finding.line, finding.reason) for finding in read_bib(text, "refs.bib")[1]]


def test_export_of_better_bibtex():
    direct, online, options = read((HERE / "zotero.bib").read_text(encoding="utf-8"))
    assert direct.key == "rafailovDirectPreferenceOptimization2023"
    assert direct.title == (
        "Direct Preference Optimization: Your Language Model Is Secretly a Reward Model"
    )
    assert direct.ids[0] == "arxiv:2305.18290"
    assert direct.date == (2023, 12, 10)
    assert direct.line == 3
    assert direct.field("annotation").endswith("{braces} and a second paragraph")
    assert online.title == "Über Entropie Und Lernen: eine Übersicht"
    assert online.ids == ("arxiv:2403.01234",)
    names, and_others = online.names("author")
    assert [name.in_text for name in names] == [
        "Jörg Müller",
        "Şule Ğök",
        "Aäron van den Oord",
        "Allen Institute for AI",
    ]
    assert (names[2].particle, names[3].is_whole, and_others) == ("van den", True, False)
    assert options.ids == ("doi:10.1016/s0004-3702(99)00052-1",)
    assert options.title.endswith("semi-MDPs: A framework for temporal abstraction in"
                                  " reinforcement learning")  # fmt: skip


def test_export_of_jabref():
    entries = read((HERE / "jabref.bib").read_text(encoding="utf-8"))
    by_key = {entry.key: entry for entry in entries}
    assert list(by_key) == [
        "Vaswani2017",
        "NIPS2017",
        "Bottou2018",
        "Lee_2020:thesis",
        "touvron2023llama",
    ]
    attention = by_key["Vaswani2017"]
    assert attention.field("booktitle") == "Advances in Neural Information Processing Systems 30"
    assert (attention.field("month"), attention.date) == ("dec", (2017, 12))
    names, and_others = attention.names("author")
    assert (names[2].family, and_others) == ("Kaiser", True)
    assert by_key["Bottou2018"].field("month") == "15~February"
    assert by_key["Bottou2018"].ids == ("doi:10.1137/16m1080173",)
    thesis = by_key["Lee_2020:thesis"]
    assert thesis.title == "Small Steps: Über $\\alpha$-Divergences & “Trust” Regions"
    assert thesis.names("author")[0][0].suffix == "Jr."
    assert by_key["touvron2023llama"].ids == ("arxiv:2302.13971",)


@pytest.mark.parametrize("file", EXPORTS, ids=lambda file: file.name)
def test_a_library_reads_the_same(file):
    bibtexparser = pytest.importorskip("bibtexparser")
    text = file.read_text(encoding="utf-8")
    plain = re.sub(r"^%.*\n", "", text, flags=re.MULTILINE)  # it reads what is behind a %
    theirs = bibtexparser.parse_string(plain).entries
    ours = read(text)
    assert [entry.key for entry in ours] == [entry.key.strip() for entry in theirs]
    for one, other in zip(ours, theirs, strict=True):
        fields = {field.key.lower(): " ".join(field.value.split()) for field in other.fields}
        assert set(dict(one.fields)) == set(fields)
        for name, value in one.fields:
            if "#" not in fields[name] and name not in ("journal", "month"):  # their strings
                assert value == fields[name].strip('"')


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("@a{k,x={a {b} \\{c\\}}}", {"x": "a {b} \\{c\\}"}),
        ('@a{k,x="a {"}b{"} c"}', {"x": 'a {"}b{"} c'}),
        ("@a{k,x={1},X={2},y=3}", {"x": "1", "y": "3"}),
        ("@a{k,x={1} y={2}}", {"x": "1", "y": "2"}),
        ("@a{k,,x={},y=\"\",z={ \n },w={w},}", {"w": "w"}),
        ("@a(k,x={)})", {"x": ")"}),
        ("@a{k}", {}),
        ("@ a {k , x = {1}\r\n}", {"x": "1"}),
        ("@string{S = {one }} @a{k,x=s#{two}#\" three\"}", {"x": "one two three"}),
        ("@string{jan = {Jänner}} @a{k,month=jan}", {"month": "Jänner"}),
        ("@a{k,month=JAN,x=jan}", {"month": "jan", "x": "jan"}),
        ("write to ada@lab{or not} @a{k,x=1}", {"x": "1"}),
        ("% @a{no,x=1}\n@a{k,x=2}", {"x": "2"}),
        ("@comment{@a{no,x=1}} @a{k,x=2}", {"x": "2"}),
        ("@preamble{\"}\"}@a{k,x=2}", {"x": "2"}),
    ],
)  # fmt: skip
def test_fields_of_an_entry(text, fields):
    (entry,) = read_bib(text, "refs.bib")[0]
    assert (entry.kind, entry.key, dict(entry.fields)) == ("a", "k", fields)


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ("@a{b, x = {never closed", "a { that is not closed before the next entry"),
        ("@a{b, x = {a}", "no field name = {value}, and no } that ends the entry"),
        ('@a{b, x = "a', 'a " that is not closed before the next entry'),
        ('@a{b, x = "a } b"}', "a } inside of quotes that closes nothing"),
        ("@a{, x = {a}}", "an entry @a without a key"),
        ("@a{b c, x = {a}}", "an entry @a without a key"),
        ("@a{b, x = }", "a field without a value"),
        ("@a{b, x {a}}", "no field name = {value}, and no } that ends the entry"),
        ("@a{b, x = {a} #", "a field without a value"),
        (
            "@a{b, " + ", ".join(f"x{n} = 1" for n in range(201)) + "}",
            "an entry with more than 200 fields",
        ),
        ("@string{b = {c}", "no field name = {value}, and no } that ends the entry"),
    ],
)
def test_mistake_costs_its_entry_alone(broken, fault):
    text = f"@a{{one, x=1}}\n\n{broken}\n\n@a{{two, x=2}}\n"
    entries, (finding,) = read_bib(text, "refs.bib")
    assert {("one", 1), ("two", 5)} <= {(entry.key, entry.line) for entry in entries}
    assert (finding.line, finding.reason) == (3, f"{fault}; the entry is left out")


def test_string_that_is_not_defined_costs_its_part_of_a_field():
    entries, _ = read_bib("@a{k, x = {1} # nonesuch, y = 2}", "refs.bib")
    assert entries[0].fields == (("x", "1"), ("y", "2"))
    assert faults("\n@a{k, x = {1} # nonesuch}") == [
        (2, "the string nonesuch is not defined; its field goes without it")
    ]


def test_strings_do_not_grow_without_end():
    doubling = [f"@string{{s{n + 1} = s{n} # s{n}}}" for n in range(60)]
    text = "\n".join(["@string{s0 = {many words}}", *doubling, "@a{k, x = s60, y = {kept}}"])
    entries, findings = read_bib(text, "refs.bib")
    assert sum(len(value) for _, value in entries[0].fields) < 4 * len(text)
    assert any("strings that grow beyond the file" in finding.reason for finding in findings)


@pytest.mark.parametrize(
    "sign",
    ["{", "}", "@a{", "@a{k,", "\n@a{", "@string{a=", '"', "@a{k,x={", "% @a{k,", "\n@a{k,x=y}"],
)
def test_signs_without_end_take_no_more_than_their_length(sign):
    assert_linear(lambda size: read_bib(sign * (size // len(sign)), "refs.bib"), 60_000)


BITS = st.sampled_from(
    ["@", "article", "{", "}", "(", ")", '"', ",", "=", "#", "%", "\n", " ", "key", "x", "1", "\\",
     "@a{k,", "x={v}", "@string{", "@comment{", "jan", "\u2028", "\x00", "é", "@a{k, x = {v}}\n"]
)  # fmt: skip


@given(st.lists(BITS, max_size=40).map("".join))
def test_whatever_is_read_can_be_written_and_read_again(text):
    entries, _ = read_bib(text, "refs.bib")
    for entry in entries:
        fields = "".join(
            f"{name} = {value if value in MONTHS else '{' + value + '}'},"
            for name, value in entry.fields
        )
        (again,) = read(f"@{entry.kind}{{{entry.key},{fields}}}")
        assert (again.key, again.fields) == (entry.key, entry.fields)
        assert all(value.count("{") == value.count("}") for _, value in entry.fields)
        assert isinstance(entry.title, str)
        assert len(entry.names("author")[0]) < 50


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    read_bib(text, "refs.bib")
    read_bib(f"@a{{k, author = {{{text}}}, title = {{{text}}}}}", "refs.bib")
