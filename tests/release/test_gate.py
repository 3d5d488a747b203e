"""Each clause of the gate finds what is planted for it, and a clean tree passes them all."""

from __future__ import annotations

import importlib
import json
import textwrap

import pytest
from test_copies import ADAM

from grader.release import gate
from grader.release.gate import CLAUSES, behaviour, inspect, rebuild
from grader.release.gate.released import Leak, Released
from utils.checks.pack import Pack

NOTEBOOK = "assignments/hw3/FC_nets.ipynb"
PACK = "goldens/layers.relu_forward.npz"
STUB = b'raise NotImplementedError("relu_forward: your code here")'


def edited(tree, path, old, new):
    """The tree with one text replaced in a file, which must hold it once."""
    assert tree[path].count(old) == 1
    return {**tree, path: tree[path].replace(old, new)}


def in_notebook(tree, change):
    """The tree with a change made to the first code cell (and the whole) of a notebook."""
    notebook = json.loads(tree[NOTEBOOK])
    change(notebook, next(cell for cell in notebook["cells"] if cell["cell_type"] == "code"))
    return {**tree, NOTEBOOK: json.dumps(notebook, indent=1).encode()}


def with_file(path, data=b""):
    return lambda tree: {**tree, path: data}


def with_text(path, text):
    return lambda tree: {**tree, path: tree[path] + text.encode()}


def with_cell(**change):
    return lambda tree: in_notebook(tree, lambda _, cell: cell.update(change))


def with_metadata(**change):
    return lambda tree: in_notebook(tree, lambda notebook, _: notebook["metadata"].update(change))


def without(path):
    return lambda tree: {name: data for name, data in tree.items() if name != path}


def pack_that_wants_nothing(tree):
    """A pack without any aspect to compare: whatever does not crash passes; and a stub that returns at once."""
    pack = Pack.from_bytes(tree[PACK])
    golden = pack.cases[0]
    case = type(golden.case)("easy", "out = 1", {}, {"out": golden.case.aspects["out"]})
    easy = Pack(pack.exercise, {}, (type(golden)(case, {"out": 1}),))
    return {**tree, PACK: easy.to_bytes()}


def pack_that_wants_something_else(tree):
    pack = Pack.from_bytes(tree[PACK])
    golden = pack.cases[0]
    wrong = type(golden)(golden.case, dict.fromkeys(golden.expected, 7.0))
    return {**tree, PACK: Pack(pack.exercise, {}, (wrong,)).to_bytes()}


# clause: what is planted, and where it is found
PLANTS = {
    "litter": {
        "compiled": (with_file("nndl/layers.cpython-312.pyc"), "nndl/layers.cpython-312.pyc"),
        "in a cache": (with_file("nndl/__pycache__/layers.py"), "nndl/__pycache__/layers.py"),
        "extension": (with_file("utils/fast.cpython-312-x86_64-linux-gnu.so"), "utils/fast.cpython"),
        "of an archiver": (with_file("__MACOSX/nndl/._layers.py"), "__MACOSX/nndl/._layers.py"),
        "checkpoint": (
            with_file("assignments/hw3/.ipynb_checkpoints/FC_nets-checkpoint.ipynb", b'{"cells": []}'),
            "assignments/hw3/.ipynb_checkpoints/FC_nets-checkpoint.ipynb",
        ),
        "of a file manager": (with_file("nndl/.DS_Store"), "nndl/.DS_Store"),
        "of an editor": (with_file("nndl/layers.py~"), "nndl/layers.py~"),
    },
    "unlisted_files": {
        "solutions": (with_file("solutions/nndl/layers.py"), "solutions/nndl/layers.py"),
        "grader": (with_file("grader/judging/oracle.py"), "grader/judging/oracle.py"),
        "course.toml": (with_file("course.toml"), "course.toml"),
        "another notebook": (with_file("assignments/hw3/FC_nets_solved.ipynb", b'{"cells": []}'), "assignments/hw3/"),
        "a pack of nothing": (with_file("goldens/layers.secret.npz"), "goldens/"),
        "weights": (with_file("assignments/hw3/models/two_layer_best.npz"), "assignments/hw3/models/"),
        "outside": (with_file("../layers.py"), "../layers.py"),
        "hidden": (with_file("utils/.secret.py"), "utils/.secret.py"),
        "no photograph": (with_file("utils/photographs/answers.txt"), "utils/photographs/answers.txt"),
    },
    "markers": {
        spelling: (with_text("nndl/optim.py", f"\n{spelling}\n"), "nndl/optim.py, line")
        for spelling in (
            *("### BEGIN SOLUTION", "### END SOLUTION", "###BEGIN  SOLUTION", "# begin_solution", "# End-Solution"),
            *("### BEGIN HIDDEN TESTS", "### END MARK SCHEME", "# HIDDEN TESTS", "# MARKING SCHEME", "# SOLUTION"),
            *("# BEGIN: model solution", "# start of answer", "## hidden_tests"),
        )
    }
    | {
        "in a notebook": (with_cell(source=["x = 1\n", "### END SOLUTION"]), f"{NOTEBOOK}, cell 2, line 2"),
        "in a text": (with_text("README.md", "\n<!-- BEGIN SOLUTION -->\n"), "README.md, line"),
    },
    "used_notebooks": {
        "output": (
            with_cell(outputs=[{"output_type": "stream", "name": "stdout", "text": "1"}]),
            f"{NOTEBOOK}, cell 2",
        ),
        "execution count": (with_cell(execution_count=3), f"{NOTEBOOK}, cell 2"),
        "cell metadata": (
            with_cell(metadata={"collapsed": True}),
            f"{NOTEBOOK}, cell 2: this cell has metadata of its",
        ),
        "hidden output": (
            with_cell(metadata={"jupyter": {"source_hidden": True, "outputs_hidden": True}}),
            f"{NOTEBOOK}, cell 2: this cell has metadata of its",
        ),
        "tags": (with_cell(metadata={"tags": ["solution"]}), f"{NOTEBOOK}, cell 2: this cell has metadata of its"),
        "attachment": (with_cell(attachments={"a.png": {}}), f"{NOTEBOOK}, cell 2"),
        "author": (with_metadata(authors=[{"name": "Ada"}]), f"{NOTEBOOK}: this notebook has metadata"),
        "kernel": (with_metadata(kernelspec={"name": "ada", "display_name": "Ada's"}), NOTEBOOK),
        "damaged": (with_file(NOTEBOOK, b'{"cells": ['), f"{NOTEBOOK}: this is not a notebook"),
        "not a list": (with_file(NOTEBOOK, b'{"cells": {"a": 1}}'), f"{NOTEBOOK}: this is not a notebook"),
    },
    "stubs": {
        "solved": (lambda tree: edited(tree, "nndl/layers.py", STUB, b"out = np.fmax(x, 0)"), "nndl/layers.py, line"),
        "raises later": (
            lambda tree: edited(tree, "nndl/layers.py", STUB, b"return None\n    " + STUB),
            "layers.relu_forward does not raise",
        ),
        "raises perhaps": (
            lambda tree: edited(tree, "nndl/layers.py", STUB, b"if x is None:\n        " + STUB),
            "layers.relu_forward does not raise",
        ),
        "gone": (lambda tree: edited(tree, "nndl/layers.py", b"def relu_forward", b"def relu"), "layers.relu_forward"),
        "file gone": (without("nndl/layers.py"), "nndl/layers.py: this file is missing"),
        "no Python": (with_text("nndl/layers.py", "\n)"), "nndl/layers.py: this is not valid Python"),
    },
    "surviving_lines": {
        "in a notebook": (with_cell(source=["z = u.reshape(u.shape[0], -1) @ v + c"]), f"{NOTEBOOK}, cell 2, line 1"),
        "in a stub's comment": (
            lambda tree: edited(tree, "nndl/layers.py", STUB, b"# out = np.maximum(0, x)\n    " + STUB),
            "nndl/layers.py, line",
        ),
        "a model answer": (
            with_cell(source=["# Turning or mirroring the positions means X R, and K does not change."]),
            f"{NOTEBOOK}, cell 2, line 1",
        ),
    },
    "near_copies": {
        "with other names": (with_file("utils/own.py", textwrap.dedent(ADAM).encode()), "the solution of optim.adam"),
    },
    "checks": {
        "a stub passes": (pack_that_wants_nothing, "the stub of layers.relu_forward passes"),
        "a solution fails": (pack_that_wants_something_else, "the solution of layers.relu_forward fails"),
        "damaged": (with_file(PACK, b"PK"), f"{PACK}: this public check cannot be read"),
        "not importable": (with_text("nndl/layers.py", "\nimport nothing_of_this_name\n"), "cannot be imported"),
    },
}


def clause_named(name):
    return {clause.__name__: clause for clause in CLAUSES}[name]


def test_does_a_clean_tree_pass(course, reference, tree, once):
    assert once.inspect(tree, course, reference) == []


def test_is_something_planted_for_every_clause():
    assert PLANTS.keys() == {clause.__name__ for clause in CLAUSES}


def _plants():
    """The clause that runs the checks takes long, so the ordinary suite shows it what it is for and no more."""
    for name, plants in PLANTS.items():
        for plant in plants:
            quick = name != "checks" or plant == "a stub passes"
            yield pytest.param(name, plant, marks=() if quick else pytest.mark.slow)


def looked_at(name, clean, changed):
    """What of a tree a clause that takes long has to look at: not what is as in the clean tree, which passes."""
    if name in ("surviving_lines", "near_copies"):  # these look at each file by itself
        return {path: data for path, data in changed.items() if clean.get(path) != data}
    if name == "checks":  # at each pack by itself, with the whole package
        return {path: data for path, data in changed.items() if path.endswith(".py") or path == PACK}
    return changed


@pytest.mark.parametrize(("name", "plant"), list(_plants()))
def test_does_a_clause_find_its_plant(course, reference, tree, name, plant):
    change, said = PLANTS[name][plant]
    leaks = list(clause_named(name)(Released(looked_at(name, tree, change(tree)), course, reference)))
    assert any(said in str(leak) for leak in leaks), [str(leak) for leak in leaks]


def test_does_the_gate_ask_every_clause(course, reference, tree, monkeypatch):
    monkeypatch.setattr(gate, "CLAUSES", [lambda _, name=name: [Leak(name, 0, 0, "here")] for name in "bca"])
    assert [leak.path for leak in inspect(tree, course, reference)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("again", "differs"),
    [
        (with_text("nndl/layers.py", "\n"), ["nndl/layers.py"]),
        (without(NOTEBOOK), [NOTEBOOK]),
        (with_file("nndl/new.py"), ["nndl/new.py"]),
        (pack_that_wants_something_else, [PACK]),
        (lambda tree: dict(tree), []),
    ],
)
def test_is_a_rebuild_that_differs_found(tree, again, differs):
    assert [leak.path for leak in rebuild(tree, again(tree))] == differs


def test_are_packs_compared_by_value(tree):
    """Another machine's BLAS rounds differently; that makes no pack stale."""
    pack = Pack.from_bytes(tree[PACK])
    nudged = Pack(
        pack.exercise,
        pack.hints,
        tuple(
            type(g)(g.case, {name: value * (1 + 1e-15) for name, value in g.expected.items()}, g.misconceptions)
            for g in pack.cases
        ),
        pack.requires,
    ).to_bytes()
    assert nudged != tree[PACK]
    assert list(rebuild(tree, {**tree, PACK: nudged})) == []


def test_is_a_package_imported_from_memory_gone_afterwards():
    tree = {"nndl/a.py": b"from .b import x\ny = x + 1\n", "nndl/b.py": b"x = 1\n"}
    with behaviour.importable(tree, "nndl/") as name:
        assert importlib.import_module(f"{name}.a").y == 2
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{name}.a")
