"""The page of what the nets reach says what was measured, for every notebook and on both sets."""

from __future__ import annotations

import json

from benchmarks.notebooks import PAGE, RECORD, SETS, TARGETS, page
from tests.notebooks.targets import TARGETS as NOTEBOOKS


def test_the_page_says_what_was_measured():
    text = PAGE.read_text("utf-8")
    assert page(text, json.loads(RECORD.read_text("utf-8"))) == text


def test_every_notebook_was_measured_on_both_sets():
    record = json.loads(RECORD.read_text("utf-8"))
    assert set(record) == set(SETS)
    for runs in record.values():
        assert set(runs) == set(NOTEBOOKS)
        for target in TARGETS:
            assert f"{target.what}, validation" in runs[target.notebook]["figures"]


def test_a_figure_that_was_not_measured_is_found():
    text = PAGE.read_text("utf-8")
    assert page(text.replace(" % ", " ‰ ", 1), json.loads(RECORD.read_text("utf-8"))) == text
