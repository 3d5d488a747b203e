"""What may be read and called inside: the standard library, a few packages, and the given functions of ``utils``."""

from __future__ import annotations

import importlib.util
import os
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import numpy as np
import pytest

from grader.course import Course
from grader.errors import CourseError
from grader.reference import Reference
from grader.release.front import front_matter
from grader.sandbox import Confinement, SandboxUnavailable, Worker, allowed, given_utils, readable, worker
from grader.sandbox.unconfined import Unconfined
from utils.checks.program import Crash, Ran

ROOT = Path(__file__).parents[2]
SITE = Path(np.__file__).parents[1]


def run(confinement: Confinement, source: str, program: str, *, functions: tuple[str, ...] = ()) -> Ran | Crash:
    with Worker(confinement, {"layers": source}, "layers", {}, given=functions) as worker:
        return worker.run(program, {}, ("out",))


def test_neither_the_course_nor_utils_nor_other_packages_are_beneath_anything_readable() -> None:
    found = [Path(path) for path in readable.readable_files().paths]
    inside = [ROOT, ROOT / "grader" / "course.py", ROOT / "solutions", ROOT / "course.toml"]
    installed = [SITE / "msgspec", SITE / "jupytext", SITE / "sqlalchemy", SITE]
    for path in (*inside, ROOT / "utils" / "fast_layers.py", *(ROOT / "utils").glob("*.so"), *installed[1:]):
        assert not any(path.is_relative_to(folder) for folder in found), path
    assert any(installed[0].is_relative_to(folder) for folder in found)


def test_what_is_readable_has_no_links_in_it() -> None:
    assert all(os.path.realpath(path) == path for path in readable.readable_files().paths)


def test_packages_in_the_folder_of_the_standard_library_are_hidden() -> None:
    found = readable.readable_files()
    # Debian's Python has links there, for instance to /etc/python3.11/sitecustomize.py.
    assert set(found.hidden) <= {os.path.realpath(path) for path in Path(found.library).iterdir()}
    assert found.hidden
    assert not set(found.hidden) & set(found.paths)
    beside = Path(found.library) / "site-packages"
    assert not beside.exists() or str(beside) in found.hidden


def test_no_file_of_utils_or_of_another_package_can_be_read(confinement: Confinement) -> None:
    """By its path, whatever became of the import system: the file system decides."""
    paths = [*(ROOT / "utils").glob("*fast_layers*"), ROOT / "utils" / "explorers" / "training.py"]
    paths += [
        SITE / "jupytext" / "__init__.py",
        SITE / "torch" / "__init__.py",
        ROOT / "grader" / "judging" / "oracle.py",
    ]
    paths += Path(sys.base_prefix).glob("lib/python3*/site-packages/*/__init__.py")
    tried = [str(path) for path in paths if path.exists()]
    source = f"""
import sys
sys.meta_path[:] = []
def opened():
    found = []
    for path in {tried!r}:
        try:
            open(path, "rb").close()
        except OSError:
            continue
        found.append(path)
    return found
"""
    assert run(confinement, source, "out = layers.opened()") == Ran({"out": []})
    bare = run(Unconfined(), source, "out = layers.opened()")
    assert bare == Ran({"out": tried})  # without confinement, they all can


def test_a_given_function_can_be_called_and_no_other() -> None:
    source = "from utils.layer_checks import check_shape, checked_mode\nimport utils.gradient_check as g"
    call = 'layers.checked_mode("f", "settings", {"mode": "test"})'
    assert run(Unconfined(), source, f"out = {call}", functions=("layer_checks.checked_mode",)) == Ran({"out": "test"})
    for program in (call, "layers.g.rel_error(1, 2)", 'layers.check_shape("f", "x", 1, (), "none")'):
        crash = run(Unconfined(), source, program)
        assert isinstance(crash, Crash)
        assert "cannot be called while submitted.layers is checked" in crash.message


@pytest.mark.parametrize("name", ["nunpy", "sklaern.svm", "nobody_knows_this"])
def test_a_package_that_is_not_there_is_named_in_a_sentence(name: str) -> None:
    crash = run(Unconfined(), f"import {name}", "pass")
    assert isinstance(crash, Crash)
    assert crash.error == "ModuleNotFoundError"
    top = name.partition(".")[0]
    assert crash.message.startswith(f"{top} cannot be imported while submitted.layers is checked; is it misspelt?")


def test_a_submission_can_test_for_a_package_and_do_without_it() -> None:
    source = "import importlib.util as u\ntry:\n    import cupy as np\nexcept ImportError:\n    import numpy as np"
    assert run(Unconfined(), source, "out = layers.np.ones(2).sum(), layers.u.find_spec('cupy')") == Ran(
        {"out": (2.0, None)}
    )
    source = "try:\n    from scipy.special import logsumexp\nexcept ImportError:\n    logsumexp = sum"
    assert run(Unconfined(), source, "out = layers.logsumexp([1, 2])") == Ran({"out": 3})


def test_an_import_that_is_never_used_costs_nothing_and_one_that_is_used_is_named() -> None:
    source = "from scipy.special import logsumexp\nimport sklearn.svm, pandas as pd\nfrom past.builtins import xrange"
    assert run(Unconfined(), source, "out = 1") == Ran({"out": 1})
    crash = run(Unconfined(), source, "out = layers.logsumexp([1, 2])")
    assert isinstance(crash, Crash)
    assert crash.message.startswith("scipy.special.logsumexp cannot be called while submitted.layers is checked")


def test_plots_and_progress_bars_do_not_make_an_answer_fail(confinement: Confinement) -> None:
    source = """
import matplotlib.pyplot as plt
from tqdm import tqdm
def f():
    plt.plot([1, 2])
    return len(plt.gca().lines), sum(tqdm(range(3)))
"""
    assert run(confinement, source, "out = layers.f()") == Ran({"out": (1, 3)})


@pytest.mark.parametrize("line", ["from tqdm.notebook import tqdm", "from tqdm import tqdm_notebook as tqdm"])
def test_a_progress_bar_for_notebooks_is_one_for_terminals(line: str) -> None:
    source = f"{line}\nfrom tqdm.auto import trange\ndef f():\n    return sum(tqdm(range(3))) + sum(trange(3))"
    assert run(Unconfined(), source, "out = layers.f()") == Ran({"out": 6})


WHAT_AN_IMPORT_LOADS = """
import sys
before = set(sys.modules)
import matplotlib.pyplot as plt
loaded = len(set(sys.modules) - before)
"""


def test_the_import_of_a_package_takes_none_of_a_programs_time(
    confinement: Confinement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker has loaded next to all of it before it counts any time."""
    here = run(confinement, WHAT_AN_IMPORT_LOADS, "out = layers.loaded")
    assert isinstance(here, Ran)
    assert int(str(here.values["out"])) < 10
    monkeypatch.setattr(worker, "IF_IMPORTED", {"matplotlib": ()})
    without = run(confinement, WHAT_AN_IMPORT_LOADS, "out = layers.loaded")
    assert isinstance(without, Ran)
    assert int(str(without.values["out"])) > 100


def test_a_backend_that_no_worker_has_can_be_named_before_pyplot_is_imported(confinement: Confinement) -> None:
    source = "import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt"
    assert run(confinement, source, "out = 1") == Ran({"out": 1})


def test_every_package_of_the_student_edition_can_be_imported(course: Course) -> None:
    project = tomllib.loads(front_matter(course)["pyproject.toml"].decode())["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    names = {wish.partition(">")[0] for wish in (*project["dependencies"], *extras)}
    assert names <= {*allowed.ALWAYS, *allowed.IF_IMPORTED, *allowed.STAND_INS}
    source = "".join(f"import {name}\n" for name in allowed.STAND_INS) + "from torch.nn import functional"
    assert run(Unconfined(), source, "out = 1") == Ran({"out": 1})


def test_whatever_is_installed_beside_the_course_is_no_stand_in() -> None:
    found = {Path(path).name for path in readable.readable_files().paths}
    others = set(packages_distributions()) - set(sys.stdlib_module_names) - {*allowed.ALWAYS, *allowed.WORKER}
    assert not {name for name in others if name in found}


def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(SandboxUnavailable, match="pip install no-such-package"):
        readable.readable_files(("no-such-package",))


def test_given_code_of_every_module_uses_functions_that_hold_no_answer(reference: Reference) -> None:
    """What can be read while something is judged, by name: a longer list is to be thought about."""
    modules = reference.recipe_files.keys() & set(reference.modules)
    used = {name for module in modules for name in given_utils.names_used(reference.source(module))}
    assert {name.partition(".")[0] for name in used} == {"layer_checks"}
    assert "fast_layers.conv_forward_fast" in given_utils.names_used(reference.source("conv_layer_utils"))


def test_a_copy_holds_what_a_function_needs_and_nothing_else() -> None:
    text = given_utils.copied(["layer_checks.open_cache"])["layer_checks"]
    space: dict[str, object] = {}
    exec(text, space)
    assert {"open_cache", "check_upstream", "check_shape", "_whose"} <= space.keys()
    assert not {"checked_mode", "window_counts", "check_cache", "MODES"} & space.keys()
    assert given_utils.copied(["torch_nets.restored"]).keys() == {"torch_nets", "errors", *given_utils.WORKERS_OWN}
    with pytest.raises(KeyError):
        given_utils.copied(["layer_checks.no_such_check"])


@pytest.mark.parametrize("line", ["import utils.fast_layers", "from utils import fast_layers", "import utils as u, os"])
def test_given_code_that_takes_a_whole_module_is_refused(line: str) -> None:
    with pytest.raises(CourseError, match="import the functions by their names"):
        given_utils.names_used(f"import os\n{line}")


def test_the_workers_own_modules_import_nothing_else_of_utils() -> None:
    for module in given_utils.WORKERS_OWN:
        spec = importlib.util.find_spec(f"utils.{module}")
        assert spec is not None
        assert spec.origin is not None
        assert given_utils.names_used(Path(spec.origin).read_text()) == ()


def test_a_module_with_all_its_functions_is_whole() -> None:
    every = [f"layer_checks.{name}" for name in given_utils._module("layer_checks").public]
    assert "utils.layer_checks" not in given_utils.withheld(every)
    source = "from utils.layer_checks import checked_mode"
    program = 'out = layers.checked_mode("f", "settings", {"mode": "test"})'
    assert run(Unconfined(), source, program, functions=tuple(every)) == Ran({"out": "test"})
