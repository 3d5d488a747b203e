"""A student's notebook and that of a newer release are merged cell by cell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from small_releases import CELLS, cell, notebook

from utils.workspace.updating.merge import CannotMerge, Merged
from utils.workspace.updating.notebooks import merge_notebook

BASE = notebook(*CELLS)


def changed(**sources: str) -> list[dict[str, Any]]:
    """The cells of the release with other sources, by their ids with ``_`` for ``-``."""
    return [{**one, "source": sources.get(str(one["id"]).replace("-", "_"), one["source"])} for one in CELLS]


def merge(mine: list[dict[str, Any]], new: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Merged]:
    merged = merge_notebook(BASE, notebook(*mine), notebook(*new))
    return json.loads(merged.data)["cells"], merged


def sources(cells: list[dict[str, Any]]) -> list[str]:
    return [str(one["source"]) for one in cells]


def ran(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same cells after a run."""
    shown = {"outputs": [{"name": "stdout", "output_type": "stream", "text": "1\n"}], "execution_count": 3}
    return [{**one, **shown} if one["cell_type"] == "code" else one for one in cells]


def test_answers_outputs_and_the_students_own_cells_stay() -> None:
    own = cell("mine", "x = 'my own'")
    mine = ran(changed(why="Because of ÄÖ."))
    mine.insert(2, own)
    new = changed(intro="# All pets")
    new.insert(4, cell("more", "# More", "markdown"))
    cells, merged = merge(mine, new)
    expected = ["# All pets", "import numpy as np", "x = 'my own'", "x = 1\nprint(x)", "check(portions)", "# More"]
    assert sources(cells) == [*expected, "Because of ÄÖ.", "That is all."]
    assert [one["execution_count"] for one in cells if one["cell_type"] == "code"] == [3, None, 3, 3]
    assert cells[1]["outputs"] == mine[1]["outputs"]
    assert not merged.both


def test_a_notebook_that_the_release_has_not_changed_stays_byte_for_byte() -> None:
    mine = json.dumps(json.loads(notebook(*ran(changed(why="Mine.")))), indent=4).encode()
    assert merge_notebook(BASE, mine, BASE).data == mine


def test_points_reach_a_cell_that_is_answered() -> None:
    new = changed()
    new[4] = {**new[4], "metadata": {"nbgrader": {**new[4]["metadata"]["nbgrader"], "points": 7}}}
    cells, _ = merge(changed(why="Mine."), new)
    assert cells[4]["source"] == "Mine."
    assert cells[4]["metadata"]["nbgrader"]["points"] == 7


def test_outputs_stay_where_only_a_comment_has_changed_and_go_where_the_code_has() -> None:
    new = changed(setup="import numpy as np  # numbers", plot="x = 2\nprint(x)")
    cells, _ = merge(ran(changed()), new)
    assert cells[1]["source"].endswith("# numbers")
    assert cells[1]["execution_count"] == 3
    assert cells[2]["outputs"] == []


def test_both_cells_stay_where_both_sides_have_changed_one() -> None:
    cells, merged = merge(changed(plot="x = 5", why="Mine."), changed(plot="x = 7", why="ANSWER IN ONE LINE"))
    assert sources(cells)[2:4] == ["x = 5", "x = 7"]
    assert sources(cells)[5:7] == ["Mine.", "ANSWER IN ONE LINE"]
    assert "nbgrader" in cells[5]["metadata"]
    assert "nbgrader" not in cells[6]["metadata"]
    assert len({one["id"] for one in cells}) == len(cells)
    assert merged.both == ('"x = 7"', "why")


def test_a_locked_cell_is_the_releases_and_the_students_version_follows_it() -> None:
    cells, _ = merge(changed(feeding_portions="pass"), changed(feeding_portions="check(portions, 2)"))
    assert sources(cells)[3:5] == ["check(portions, 2)", "pass"]
    assert "nbgrader" in cells[3]["metadata"]
    assert "nbgrader" not in cells[4]["metadata"]


def test_a_cell_that_the_release_dropped_goes_unless_the_student_has_written_in_it() -> None:
    new = [one for one in changed() if one["id"] not in ("plot", "why", "last")]
    cells, merged = merge(changed(why="Mine."), new)
    assert sources(cells) == ["# Pets", "import numpy as np", "check(portions)", "Mine."]
    assert "nbgrader" not in cells[3]["metadata"]
    assert merged.gone == ("why",)


def test_a_deleted_graded_cell_comes_back_and_another_one_does_not() -> None:
    mine = [one for one in changed() if one["id"] not in ("plot", "why")]
    cells, _ = merge(mine, changed(intro="# All pets"))
    assert sources(cells) == ["# All pets", "import numpy as np", "check(portions)", "YOUR ANSWER HERE", "That is all."]


def test_a_copy_of_a_graded_cell_is_the_students_own() -> None:
    mine = changed(why="Mine.")
    mine.append({**mine[4], "source": "A draft.", "id": "copied"})
    cells, _ = merge(mine, changed(intro="# All pets"))
    assert sources(cells)[-3:] == ["Mine.", "That is all.", "A draft."]


def test_cells_without_ids_are_found_by_their_text() -> None:
    mine = [{key: value for key, value in one.items() if key != "id"} for one in changed(why="Mine.")]
    cells, _ = merge(mine, changed(intro="# All pets"))
    assert sources(cells) == [
        "# All pets",
        "import numpy as np",
        "x = 1\nprint(x)",
        "check(portions)",
        "Mine.",
        "That is all.",
    ]
    assert len({one["id"] for one in cells}) == len(cells)


def test_sources_may_be_lists_of_lines() -> None:
    mine = [{**one, "source": str(one["source"]).splitlines(keepends=True)} for one in changed(why="Mine.\nAll of it.")]
    cells, _ = merge(mine, changed(plot="x = 2"))
    assert cells[2]["source"] == "x = 2"
    assert cells[4]["source"] == ["Mine.\n", "All of it."]


@pytest.mark.parametrize(
    "damaged", [b"", b"{", b"[]", b'{"cells": [1]}', b'{"cells": [{"source": 1}]}', b"\xff", b"[" * 10**5]
)
def test_a_damaged_notebook_is_not_merged(damaged: bytes) -> None:
    with pytest.raises(CannotMerge):
        merge_notebook(BASE, damaged, BASE)
