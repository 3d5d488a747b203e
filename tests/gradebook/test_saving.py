"""Notebooks are written as nbformat writes them, and valid, whatever was handed in."""

from __future__ import annotations

import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.gradebook.restore import restore
from grader.gradebook.saving import notebook_bytes

RELEASED = nbformat.v4.new_notebook(
    cells=[
        nbformat.v4.new_markdown_cell("# a title\nand text", id="title"),
        nbformat.v4.new_code_cell(
            "x = 1\n",
            id="answer",
            metadata={"nbgrader": {"grade_id": "a", "grade": True, "solution": True, "locked": False, "points": 2}},
            outputs=[nbformat.v4.new_output("stream", text="printed\n")],
        ),
    ]
)


def submitted(cells: list[tuple[str, str]]) -> bytes:
    made = [{"cell_type": kind, "metadata": {}, "source": source} for kind, source in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["code", "markdown", "raw"]), st.text(max_size=40)), max_size=4))
def test_what_is_written_is_valid_and_reads_back_the_same(cells: list[tuple[str, str]]) -> None:
    node = restore(submitted(cells), RELEASED)
    read = nbformat.reads(notebook_bytes(node).decode(), as_version=4)
    nbformat.validate(read)
    assert read == nbformat.reads(nbformat.writes(node), as_version=4)
    assert not any(cell.get("outputs") for cell in read.cells)


@pytest.mark.parametrize("data", [None, b"", b"{}", b'{"cells": 3}', b"\xff"])
def test_so_is_what_stands_in_for_a_damaged_notebook(data: bytes | None) -> None:
    nbformat.validate(nbformat.reads(notebook_bytes(restore(data, RELEASED)).decode(), as_version=4))


def test_half_of_a_surrogate_pair_is_written_as_an_escape() -> None:
    assert rb"\\udcff" in notebook_bytes(restore(submitted([("markdown", "\udcff")]), RELEASED))
