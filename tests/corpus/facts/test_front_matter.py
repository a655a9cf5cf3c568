from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.facts.front_matter import find_front_matter


def lines(text: str) -> list[str]:
    return text.split("\n")


def test_head_tells_its_lines_and_its_fields_in_lower_case():
    head = find_front_matter(lines("---\nTitle: A\nTAGS: [b]\n---\ntext"))
    assert (head.line_start, head.line_end) == (1, 4)
    assert head.fields == {"title": "A", "tags": ["b"]}
    assert head.problem is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "just text",
        "---\njust text, no key\n---\nmore",
        "# Title\n\ntext\n\n---\ndate: late\n---",
        "---\ntitle: never closed\n\ntext",
        "Tags: a line of the body\n\ntext",
        "date: 2020-01-01\n\na bare head needs tags or aliases",
        "title:: a property\ntags:: #of, #an-outline",
    ],
)
def test_text_without_a_head(text):
    assert not find_front_matter(lines(text))


@pytest.mark.parametrize("end", ["---", "..."])
def test_both_ends_of_a_yaml_document_close_a_head(end):
    assert find_front_matter(lines(f"---\ntags: [a]\n{end}\ntext")).line_end == 3


def test_bare_head_ends_where_the_text_begins():
    head = find_front_matter(lines("tags: [a]\naliases:\n  - b\n## Section\ntext"))
    assert head.fields == {"tags": ["a"], "aliases": ["b"]}
    assert head.line_end == 3


def test_a_rule_far_below_does_not_swallow_the_text():
    head = find_front_matter(lines("---\ntitle: A\n\n## Section\n\ntext\n\n---\nend"))
    assert head.fields == {"title": "A"}
    assert head.line_end == 3


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        ("title: x\nb: {{c}}", 3, "unhashable key"),
        ("title: x\n\t- y", 3, "tab character"),
        ("title: x: y", 2, "mapping values are not allowed"),
        ("title: !!python/name:os.system", 2, "could not determine a constructor"),
        ("title: &a x\ntags: *a", 3, "aliases"),
        ("title: " + "[" * 60 + "]" * 60, 2, "nested deeper than 50"),
        ("title: " + "[" * 10_000 + "]" * 10_000, 2, "nested deeper than 50"),
        ("title:\n " + "- " * 60 + "x", 3, "nested deeper than 50"),
        ("title: x\ntags: &a [*a]", 3, "aliases"),
        ("title: x\ndate: 2020-02-31", 3, "'2020-02-31' is no timestamp"),
        ("title: x\nyear: !!bool x", 3, "'x' is no bool"),
        ('title: x\nyear: !!int ""', 3, "'' is no int"),
        ('title: x\nyear: !!float ""', 3, "'' is no float"),
        ("title: x\ndate: !!timestamp x", 3, "'x' is no timestamp"),
        ("title: x\nyear: " + "9" * 6000, 3, "a number of 6,000 digits"),
        ("title: x\nyear: 0x" + "f" * 6000, 3, "a number of 6,002 digits"),
        ("title: x\nyear: 1" + ":59" * 3000, 3, "a number of 9,001 digits"),
        ("title: x\nyear: 1" + ":59" * 3000 + ".5", 3, "a number of 9,003 digits"),
        ("title: x\n<<: 3", 3, "expected a mapping"),
        ("title: " + "x" * 60_000, 2, "it has 60,007 characters, more than 50,000"),
        ("- title: x\n- tags: y", 2, "not a table of keys and values"),
    ],
)
def test_fault_is_told_with_its_line(body, line, reason):
    problem = find_front_matter(lines(f"---\n{body}\n---\ntext")).problem
    assert problem is not None
    assert problem[0] == line
    assert reason in problem[1]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("tags: !!set {a, b}", ["a", "b"]),
        ("tags: !!binary aGVsbG8=", "hello"),
        ("<<: {tags: [a]}", ["a"]),
        ("tags: [a, .nan]", None),
    ],
)
def test_odd_but_sound_yaml_is_read(body, value):
    head = find_front_matter(lines(f"---\ntitle: x\n{body}\n---\ntext"))
    assert head.problem is None
    assert value is None or head.fields["tags"] == value


# The first took 30 s: the parser's time grows with the square of the parts of a key.
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("a" + ".a" * 16_000 + " = 1", "a key has more than 50 parts"),
        ("[a" + " . 'a'" * 8_000 + "]", "a key has more than 50 parts"),
        ("a = 0x" + "f" * 6_000, "or a number more than 400 digits"),
        ("a = " + "[" * 3_000, "front matter is not TOML"),
        ("a = 2024-13-45", "front matter is not TOML"),
    ],
)
def test_hostile_toml_is_a_fault_at_once(body, reason):
    head = find_front_matter(lines(f"+++\ntitle = 'x'\n{body}\n+++\ntext"))
    assert head.fields["title"] == "x"
    assert head.problem is not None
    assert reason in head.problem[1]


def test_what_can_be_read_of_a_broken_head_is_used():
    head = find_front_matter(
        lines("---\ntitle: A: the method\nauthor: “B”\ntags:\n- c\n- d\ndate: {{date}}\n---\ntext")
    )
    assert head.fields == {"title": "A: the method", "author": "B", "tags": ["c", "d"]}
    assert head.problem is not None


@pytest.mark.parametrize("table", ["[taxonomies]", "[extra]"])
def test_toml_tables_of_tags_are_opened(table):
    head = find_front_matter(lines(f'+++\ntitle = "A"\n{table}\ntags = ["b"]\n+++\ntext'))
    assert head.fields == {"title": "A", "tags": ["b"]}


@pytest.mark.parametrize("key", ["date_added", "Date-Added", "date added", "DATE  ADDED"])
def test_keys_are_looked_up_in_one_spelling(key):
    assert find_front_matter(lines(f"---\n{key}: x\n---\ntext")).fields == {"date_added": "x"}
    assert find_front_matter(lines(f"---\n{key}: x\n- y: z: a\n---")).fields == {"date_added": "x"}


PIECES = st.sampled_from(
    ["---", "+++", "title: a", "tags: [b]", "- c", "  d: e", "[x]", 'k = "v"', "", "# T", "text",
     "http://a.b", "&a", "*a", "!!b", "{", "\t", "...", "a:: b", "tags:"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=10), max_size=15))
def test_any_lines_have_a_head_within_them_or_none(found):
    head = find_front_matter(found)
    assert 0 <= head.line_start <= head.line_end <= len(found)
    assert all(isinstance(key, str) and key == key.lower() for key in head.fields)
    if head.problem:
        assert head.line_start <= head.problem[0] <= len(found)
