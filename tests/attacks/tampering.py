"""Tampering: the notebook that is handed in is not the one that was given out."""

import json

from .bank import attack


def _tests(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and "nbgrader" in cell["metadata"]]


def _each(change):
    def tamper(notebook):
        for cell in _tests(notebook):
            change(cell)

    return tamper


def _easy(source="pass", **settings):
    """A change to each test cell: another source, and other settings of nbgrader's."""

    def change(cell):
        cell["source"] = source
        cell["metadata"]["nbgrader"].update({"locked": False, **settings})

    return _each(change)


def _deleted(notebook):
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in _tests(notebook)]


def _duplicated(notebook):
    easy = {**_tests(notebook)[0], "source": "pass"}
    easy["metadata"] = {"nbgrader": {**easy["metadata"]["nbgrader"], "locked": False}}
    notebook["cells"] += [easy] * 3


def _swapped(notebook):
    first, second = _tests(notebook)[:2]
    for setting in ("grade_id", "points"):
        one, other = first["metadata"]["nbgrader"], second["metadata"]["nbgrader"]
        one[setting], other[setting] = other[setting], one[setting]
    _easy()(notebook)


def _outputs(notebook):
    for cell in _tests(notebook):
        cell["source"] = "2.0"
        cell["metadata"]["nbgrader"]["locked"] = False
        cell["outputs"] = [
            {"output_type": "execute_result", "data": {"text/plain": "2.0"}, "metadata": {}, "execution_count": 1}
        ]


attack("tampering", "test cells are deleted", "points", notebook=_deleted)
attack("tampering", "a passing cell is there four times", "points", notebook=_duplicated)
attack("tampering", "tags say that tests are not to be run", "points",
       notebook=_each(lambda cell: cell["metadata"].update(tags=["skip-execution"])))  # fmt: skip
attack("tampering", "tests are unlocked and emptied", "points", notebook=_easy(""))
attack("tampering", "tests are replaced by pass", "points", notebook=_easy())
attack("tampering", "points are edited", "points", notebook=_easy(points=1000))
attack("tampering", "points are negative for what fails", "points", notebook=_easy("pass", points=10**300))
attack("tampering", "identities of cells are swapped", "points", notebook=_swapped)
attack("tampering", "outputs are forged", "points", notebook=_outputs)
attack("tampering", "a test cell becomes text", "points", notebook=_each(lambda cell: cell.update(cell_type="raw")))
attack("tampering", "a schema of another version", "stops",
       notebook=_each(lambda cell: cell["metadata"]["nbgrader"].update(schema_version=99, points=None)))  # fmt: skip
attack("tampering", "metadata of the wrong types", "stops",
       notebook=_each(lambda cell: cell["metadata"].update(nbgrader=["grade", 7])))  # fmt: skip
attack("tampering", "points that are a word", "stops",
       notebook=_each(lambda cell: cell["metadata"]["nbgrader"].update(points="many")))  # fmt: skip
attack("tampering", "a kernel that does not exist", "stops",
       notebook=lambda nb: nb["metadata"].update(kernelspec={"name": "no-such-kernel", "display_name": "x"}))  # fmt: skip
attack(
    "tampering",
    "cells without metadata",
    "stops",
    notebook=lambda nb: [cell.pop("metadata") for cell in nb["cells"]] and None,
)
attack("tampering", "cells that are a number", "stops", notebook=lambda nb: nb.update(cells=7))
attack("tampering", "a notebook that is a list", "stops", notebook=lambda nb: json.dumps([nb]).encode())
attack("tampering", "a notebook that is no JSON", "stops", notebook=lambda nb: json.dumps(nb).encode()[:-20])
attack("tampering", "a notebook that is no text", "stops", notebook=lambda nb: b"\xff\xfe\x00" * 100)
attack("tampering", "an empty notebook", "stops", notebook=lambda nb: b"")
attack(
    "tampering", "a format of another century", "stops", notebook=lambda nb: nb.update(nbformat=99, nbformat_minor=99)
)
attack(
    "tampering", "a notebook nested a hundred thousand deep", "stops", notebook=lambda nb: b"[" * 10**5 + b"]" * 10**5
)
attack("tampering", "a notebook of thirty megabytes", "host",
       notebook=lambda nb: nb["cells"].append(
           {"cell_type": "markdown", "id": "flood", "metadata": {}, "source": "flood " * (30 * 2**20 // 6)}))  # fmt: skip
