from __future__ import annotations

from notesearch.corpus.document import open_document


def test_head_is_taken_off_and_the_lines_keep_their_numbers():
    document = open_document("a.md", b"---\ntitle: T\n---\n# A\n\ntext\n")
    assert document.lines == ("# A", "", "text")
    assert list(document.numbers) == [4, 5, 6]
    assert (document.line_count, document.fields) == (6, {"title": "T"})


def test_head_below_the_title_leaves_a_gap_in_the_numbers():
    document = open_document("a.md", b"# A\n---\ntags: [b]\n---\ntext\n")
    assert document.lines == ("# A", "text")
    assert list(document.numbers) == [1, 5]


def test_note_in_a_fence_loses_the_fence_and_keeps_its_numbers():
    document = open_document("a.md", b"```markdown\n---\ntitle: T\n---\ntext\n```\n")
    assert document.lines == ("text",)
    assert list(document.numbers) == [5]
    assert (document.line_count, document.fields) == (6, {"title": "T"})


def test_fault_of_a_head_in_a_fence_is_told_with_the_line_in_the_file():
    document = open_document("a.md", b"\n```md\n---\ntitle: a: b\n---\ntext\n```\n")
    assert [line for line, _ in document.faults] == [4]


def test_two_fences_are_no_fenced_note():
    text = b"```markdown\na\n```\n\nwords\n\n```\nb\n```\n"
    assert len(open_document("a.md", text).lines) == 9


def test_topics_are_the_headings_above_a_line():
    document = open_document("a.md", b"# A\n## B\ntext\n## C\n#### D\ntext\n# E\ntext\n")
    assert [document.topics_at(position) for position in (0, 2, 5, 7)] == [
        (),
        ("A", "B"),
        ("A", "C", "D"),
        ("E",),
    ]
    assert not document.is_plain
    assert open_document("a.txt", b"no heading\n").is_plain
