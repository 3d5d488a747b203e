"""Is any submitted file turned into a valid notebook with the structure of the released one?"""

import json
import tracemalloc

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import is_grade
from small_course import cell, make

from grader.errors import CourseError
from grader.gradebook.restore import DAMAGED, MISSING, read_pictures, read_released, restore
from grader.submission.notebook import MOST_CELLS, is_notebook

RELEASED = nbformat.v4.new_notebook(
    metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    cells=[
        cell("# Title"),
        cell("check(a)", "a", 3),
        cell("check(b)", "b", 2.5),
        cell("YOUR ANSWER HERE", "why", 4, written=True),
    ],
)
NAMES = ["a", "b", "why"]


def submit(cells, **notebook):
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **notebook}).encode()


def student(source, grade_id=None, kind="code", **metadata):
    if grade_id is not None:
        metadata["nbgrader"] = {"grade_id": grade_id, "grade": True, "points": 1000, "locked": False}
    return {"cell_type": kind, "source": source, "metadata": metadata, "outputs": [], "execution_count": 3}


def names(nb):
    return [c.metadata.nbgrader.grade_id for c in nb.cells if "nbgrader" in c.metadata]


def by_name(nb):
    return {c.metadata.nbgrader.grade_id: c for c in nb.cells if "nbgrader" in c.metadata}


def holds(nb):
    """What formgrader and nbgrader's preprocessors need."""
    nbformat.validate(nb)
    MetadataValidator().validate_nb(nb)
    assert sorted(names(nb)) == NAMES
    for name, node in by_name(nb).items():
        assert node.metadata == by_name(RELEASED)[name].metadata
        assert node.cell_type == by_name(RELEASED)[name].cell_type
    assert nb.metadata == RELEASED.metadata
    for node in nb.cells:
        if node.cell_type == "code":
            assert node.execution_count is None
            assert node.outputs == [] or not is_grade(node)
            assert all(shown.output_type in ("stream", "display_data") for shown in node.outputs)
            assert all(set(shown.get("data", {})) <= {"text/plain", "image/png"} for shown in node.outputs[1:])
    assert all(c.metadata == {} for c in nb.cells if "nbgrader" not in c.metadata)
    json.dumps(nb).encode()


def test_answers_stay_and_locked_cells_come_back():
    nb = restore(submit([student("1 / 0", "a"), student("nothing", "b"), student("Because.", "why", "code")]), RELEASED)
    holds(nb)
    assert names(nb) == NAMES
    assert by_name(nb)["a"].source == "check(a)"
    assert by_name(nb)["why"].source == "Because."


def test_own_cells_keep_their_place_and_lose_their_metadata():
    cells = [
        student("# Mine", kind="markdown", tags=["skip-execution"]),
        student("check(a)", "a"),
        student("print(1)", transient={"remove_source": True}),
        student("<script>", kind="raw", raw_mimetype="text/html"),
        student("check(b)", "b"),
        student("x", "why", "markdown"),
    ]
    nb = restore(submit(cells), RELEASED)
    holds(nb)
    assert [c.source for c in nb.cells] == ["# Mine", "check(a)", "print(1)", "<script>", "check(b)", "x"]


@pytest.mark.parametrize("gone", NAMES)
def test_a_deleted_cell_is_put_back_behind_its_neighbour(gone):
    cells = [student("# Mine", kind="markdown"), *(student("text", name) for name in NAMES if name != gone)]
    nb = restore(submit(cells), RELEASED)
    holds(nb)
    assert names(nb) == NAMES
    assert by_name(nb)[gone].source == by_name(RELEASED)[gone].source


def test_of_copies_the_last_counts_and_the_others_stay_as_plain_text():
    nb = restore(submit([student("first", "why"), student("second", "why")]), RELEASED)
    holds(nb)
    assert by_name(nb)["why"].source == "second"
    assert "first" in [c.source for c in nb.cells]


def test_a_cell_that_the_release_does_not_know_is_plain_text():
    nb = restore(submit([student("free points", "bonus")]), RELEASED)
    holds(nb)
    assert nb.cells[-1].source == "free points" or "free points" in [c.source for c in nb.cells]


def test_pictures_stay_and_other_attachments_go():
    attachments = {
        "plot.png": {"image/png": "aGVsbG8="},
        "evil.svg": {"image/svg+xml": "PHN2Zz4="},
        "quote.png": {"image/png": '"><script>'},
        "page.html": {"text/html": "PGI+"},
    }
    answer = student("![](attachment:plot.png)", "why", "markdown") | {"attachments": attachments}
    nb = restore(submit([answer]), RELEASED)
    holds(nb)
    assert by_name(nb)["why"].attachments == {"plot.png": {"image/png": "aGVsbG8="}}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, MISSING),
        (b"", DAMAGED),
        (b'{"cells": [', DAMAGED),
        (b"\xff\xfe\x00", DAMAGED),
        (b"[]", DAMAGED),
        (b'{"cells": []}', DAMAGED),
        (b'{"cells": 3}', DAMAGED),
        (b'{"worksheets": [{"cells": []}]}', DAMAGED),
        (b"[" * 200_000, DAMAGED),
        (b'{"cells": ' + b"9" * 5000 + b"}", DAMAGED),
    ],
    ids=[
        "missing",
        "empty",
        "truncated",
        "not UTF-8",
        "a list",
        "no cells",
        "a number",
        "version 3",
        "deep",
        "a long number",
    ],
)
def test_what_cannot_be_read_is_replaced_by_the_released_notebook(data, reason):
    nb = restore(data, RELEASED)
    assert nb.cells[0].source == f"**{reason}**"
    assert [c.source for c in nb.cells[1:]] == [c.source for c in RELEASED.cells]
    holds(nb)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.sampled_from(NAMES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["grade_id", "grade", "solution", "locked", "points", "schema_version", "checksum"])
SHOWN = st.fixed_dictionaries(
    {},
    optional={
        "output_type": st.sampled_from(["stream", "error", "execute_result", "display_data", "update_display_data"]),
        "text": JSON,
        "traceback": JSON,
        "ename": JSON,
        "data": JSON | st.dictionaries(st.sampled_from(["text/plain", "text/html", "image/png"]), JSON),
    },
)
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | JSON,
        "source": st.text(st.characters()) | st.lists(st.text(st.characters())) | JSON,
        "id": JSON,
        "outputs": JSON | st.lists(SHOWN | JSON, max_size=4),
        "attachments": JSON | st.dictionaries(st.text(), st.dictionaries(st.just("image/png"), JSON)),
        "metadata": JSON | st.fixed_dictionaries({"nbgrader": JSON | st.dictionaries(KEYS, JSON)}),
    },
)


@given(st.lists(CELLS | JSON, max_size=6), JSON)
def test_anything_becomes_a_notebook_that_holds(cells, metadata):
    holds(restore(submit(cells, metadata=metadata), RELEASED))


@given(st.binary(max_size=200))
def test_any_bytes_become_a_notebook_that_holds(data):
    holds(restore(data, RELEASED))


def test_the_released_notebook_is_not_changed():
    before = json.dumps(RELEASED)
    restore(submit([student("1 / 0", "a"), student("mine", "why")]), RELEASED)
    assert json.dumps(RELEASED) == before


def test_the_release_is_read_with_its_pictures(tmp_path):
    course = make(tmp_path)
    assert list(read_released(course, course["a1"])) == ["warmup", "more"]
    assert read_pictures(course, course["a1"]) == {"graph.png": b"a picture"}


@pytest.mark.parametrize("damage", [None, b"{"])
def test_a_release_that_cannot_be_read_names_the_command(tmp_path, damage):
    course = make(tmp_path)
    path = tmp_path / "assignments" / "a1" / "more.ipynb"
    path.unlink()
    if damage:
        path.write_bytes(damage)
    with pytest.raises(CourseError, match=r"more\.ipynb .* run `grader release a1` first"):
        read_released(course, course["a1"])


def test_a_file_with_too_many_cells_is_no_notebook():
    assert is_notebook(submit([student("x")] * MOST_CELLS))
    assert not is_notebook(submit([student("x")] * (MOST_CELLS + 1)))
    assert DAMAGED in restore(submit([student("x")] * (MOST_CELLS + 1)), RELEASED).cells[0].source


@pytest.mark.parametrize("value", ["[]", "{}", "0", '{"a": 1}'])
def test_a_file_that_takes_forty_times_its_size_in_memory_is_not_read(value):
    data = b'{"cells": [], "metadata": [' + f"{value},".encode() * 2_000_000 + b"0]}"
    tracemalloc.start()
    try:
        assert not is_notebook(data)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("data", [" " * 300_000 + "!", "A" * 300_000 + "=" * 3, "= " * 150_000, " " * 300_000 + "="])
def test_a_picture_is_matched_in_linear_time(data):
    """Without possessive quantifiers 300,000 spaces take three minutes."""
    cell = {**student("x", "why", "markdown"), "attachments": {"a.png": {"image/png": data}}}
    restored = by_name(restore(submit([cell]), RELEASED))["why"]
    assert ("attachments" in restored) == (data.strip() == "=")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"cells": ' + "9" * 5000 + "}", '{"cells": [' + '{"a":' * 50_000, '"\\ud800"', "\0", "NaN"]
)
def test_json_that_python_does_not_like_is_no_notebook(text):
    assert not is_notebook(text.encode())
