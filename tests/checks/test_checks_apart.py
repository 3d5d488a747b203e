"""A check runs the student's file in a process of its own: what never ends, prints or crashes there is a finding."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from grader.course import Course
from grader.reference import Reference
from grader.release.goldens import course_table
from utils.checks import student_code
from utils.checks.child import Limits
from utils.checks.course import find
from utils.checks.examine import examine_apart
from utils.checks.models import check_model
from utils.checks.pack import load
from utils.checks.result import CheckResult
from utils.checks.student_code import StudentCode
from utils.errors import DataError
from utils.model_files import save_model

ROOT = Path(__file__).parents[2]
ENDLESS = "k, total = 0, 0\n    while k < len(x):\n        total += 1"
RIGHT = "out = np.maximum(0, x)"
QUICK = Limits(seconds=0.5, exercise_seconds=2.0)


@pytest.fixture
def folder(tmp_path: Path, reference: Reference) -> Path:
    """A course folder whose layers are right, and whose limits are short."""
    package = tmp_path / "nndl"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "layers.py").write_text(reference.source("layers"))
    (tmp_path / "goldens").mkdir()
    for name in ("layers.relu_forward", "layers.relu_backward", "layers.affine_forward"):
        shutil.copy(ROOT / "goldens" / f"{name}.npz", tmp_path / "goldens")
    table = json.loads((ROOT / "goldens" / "course.json").read_text())
    table["limits"] = {"seconds": 0.5, "exercise_seconds": 2.0, "memory": 2**28}
    (tmp_path / "goldens" / "course.json").write_text(json.dumps(table))
    return tmp_path


@pytest.fixture
def write(folder: Path, reference: Reference) -> Callable[[str], Path]:
    """``write(lines)`` puts lines in place of the one that is the answer of relu_forward."""

    def write(lines: str) -> Path:
        text = reference.source("layers")
        assert RIGHT in text
        (folder / "nndl" / "layers.py").write_text(text.replace(RIGHT, lines))
        return folder

    return write


def examined(folder: Path, exercise: str = "layers.relu_forward", limits: Limits = QUICK) -> CheckResult:
    code = StudentCode("nndl.layers", folder, limits)
    return examine_apart(load(exercise, ROOT / "goldens"), code)


def line_of(folder: Path, text: str) -> int:
    lines = (folder / "nndl" / "layers.py").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_right_answer_is_said_to_be_right(folder: Path) -> None:
    assert str(examined(folder)) == "✓ layers.relu_forward: right in all 7 cases"


def test_a_loop_that_never_ends_is_named_with_its_case_and_its_line(write: Callable[[str], Path]) -> None:
    result = examined(write(ENDLESS))
    said = " ".join(str(result).split())
    number = line_of(write(ENDLESS), "while k")
    assert "relu_forward did not end within 0.5 seconds. It was stopped at nndl/layers.py, line" in said
    assert f'Line {number}, "while k < len(x):", never ends: nothing inside of it changes k or x' in said
    assert result.findings[0].verdict == "timeout"
    assert f"seen with: {result.findings[0].case}" in said
    assert 'inputs = check_inputs("layers.relu_forward"' in said


def test_a_call_that_takes_for_ever_is_asked_about(write: Callable[[str], Path]) -> None:
    said = " ".join(str(examined(write("import time; time.sleep(1000)"))).split())
    assert "did not end within 0.5 seconds" in said
    assert "Is there a loop that never stops?" in said


def test_a_file_that_is_never_imported_to_its_end_is_a_finding(folder: Path) -> None:
    path = folder / "nndl" / "layers.py"
    path.write_text("while True:\n    pass\n" + path.read_text())
    said = " ".join(str(examined(folder, limits=Limits(seconds=0.5, exercise_seconds=1.0))).split())
    assert "Importing nndl/layers.py did not end within 1 seconds. It was stopped at nndl/layers.py, line" in said


def test_the_seconds_of_an_exercise_are_those_of_all_its_cases_together(write: Callable[[str], Path]) -> None:
    slow = "import time\n    until = time.process_time() + 0.3\n    while time.process_time() < until: pass\n    "
    result = examined(write(slow + RIGHT), limits=Limits(seconds=0.5, exercise_seconds=0.7))
    assert "did not end within 0.7 seconds for all cases together" in " ".join(str(result).split())
    assert examined(write(slow + RIGHT), limits=Limits(seconds=5, exercise_seconds=30)).passed


def test_a_hint_that_takes_too_long_costs_the_hint_alone(write: Callable[[str], Path]) -> None:
    """What runs again for a hint is not what was asked for: here, the run that looks for the first NaN."""
    lines = "if np.geterr()['over'] == 'raise':\n        while True: pass\n    out = np.exp(x + 1000)"
    said = " ".join(str(examined(write(lines))).split())
    assert "out holds" in said
    assert "did not end" not in said


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("import os; os._exit(7)", "The Python process ended while relu_forward ran (exit code 7)"),
        ("import ctypes; ctypes.string_at(0)", "ran at nndl/layers.py, line {line}, in relu_forward"),
        ("raise SystemExit", "The code ends Python"),
        ("breakpoint()", "Breakpoint() cannot stop the code"),
    ],
)
def test_a_crash_of_the_interpreter_is_a_finding(lines: str, said: str, write: Callable[[str], Path]) -> None:
    folder = write(lines)
    shown = " ".join(str(examined(folder)).split())
    assert said.format(line=line_of(folder, lines)) in shown
    assert examined(folder, "layers.affine_forward").passed


def test_what_is_printed_stands_with_its_case(write: Callable[[str], Path]) -> None:
    said = str(examined(write(f"for k in range(30): print('k is', k)\n    {RIGHT}"))).splitlines()
    assert said[0] == "✓ layers.relu_forward: right in all 7 cases"
    assert said[1].startswith("  printed with: ")
    assert said[1].endswith(" (and in 6 other cases)")
    assert said[2:4] == ["    | k is 0", "    | k is 1"]
    assert said[-1] == "    … and 18 more lines"
    wrong = examined(write("print('rows', len(x))\n    out = x * (len(x) > 1)"))
    shown = str(wrong)
    assert f"printed with: {wrong.findings[0].case}" in shown


def test_a_file_that_cannot_be_read_is_explained(write: Callable[[str], Path]) -> None:
    said = " ".join(str(examined(write("if x is None:\n    out = 1"))).split())
    assert "nndl/layers.py cannot be imported: IndentationError: expected an indented block" in said
    assert "this one should begin further to the right." in said


def test_nan_is_followed_to_the_line_where_it_begins(write: Callable[[str], Path]) -> None:
    folder = write("total = x.sum() - x.sum()\n    out = x / total\n    out = np.maximum(0, out)")
    said = " ".join(str(examined(folder)).split())
    number = line_of(folder, "out = x / total")
    assert f'The first such number arises at nndl/layers.py, line {number}, in relu_forward: "out = x / total"' in said
    assert "divided by 0" in said or "has no answer there" in said


def test_the_grader_tells_the_checks_its_limits(course: Course, reference: Reference, folder: Path) -> None:
    table = json.loads(course_table(course, reference))["limits"]
    assert Limits(**table) == Limits(course.limits.seconds, course.limits.exercise_seconds, course.limits.memory_bytes)
    assert find(folder).limits == Limits(0.5, 2.0, 2**28)
    without = json.loads((folder / "goldens" / "course.json").read_text())
    del without["limits"]
    (folder / "goldens" / "course.json").write_text(json.dumps(without))
    assert find(folder).limits == Limits()  # a release from before there were any
    assert (find(folder).root, find(folder).title) == (folder, without["title"])


SCRIPT = """
from nndl.layers import relu_forward
from utils.checks import CheckFailed, check
def run(**options):
    try:
        check(relu_forward, **options)
    except (CheckFailed, KeyboardInterrupt) as said:
        print(said)
"""


def python(folder: Path, script: str, typed: str = "") -> subprocess.Popen[str]:
    """A Python in the course folder, as a notebook's kernel is one."""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdin
    process.stdin.write(typed)
    process.stdin.flush()
    return process


def test_an_edit_counts_in_the_next_check_without_importing_again(folder: Path) -> None:
    script = f"""{SCRIPT}
from pathlib import Path
file = Path("nndl/layers.py")
run()
file.write_text(file.read_text().replace("np.maximum(0, x)", "np.maximum(1, x)"))
run()
"""
    said = python(folder, script).communicate()[0]
    assert said.startswith("✓ layers.relu_forward: right in all 7 cases\n✗ layers.relu_forward"), said


def test_a_debugger_stops_in_a_check_that_runs_here(write: Callable[[str], Path]) -> None:
    folder = write(f"breakpoint()\n    {RIGHT}")
    said = python(folder, f"{SCRIPT}run(here=True)", "p x.shape\n" + "c\n" * 20).communicate()[0]
    assert "(Pdb) (2, 4)" in said, said
    assert "✓ layers.relu_forward: right in all 7 cases" in said
    script = "import sys; sys.argv[1:] = ['check', 'relu_forward', '--here']\nfrom utils.cli import main; main()"
    said = python(folder, script, "p x.shape\nq\n").communicate()[0]
    assert "(Pdb) (2, 4)" in said, said
    assert said.endswith("■ The check has ended, because you left the debugger.\n")


def test_a_debugger_stops_although_the_kernels_own_waits_for_a_client(write: Callable[[str], Path]) -> None:
    folder = write(f"breakpoint()\n    {RIGHT}")
    script = f"import sys\nsys.breakpointhook = lambda: None\n{SCRIPT}run(here=True)\nprint(sys.breakpointhook())"
    said = python(folder, script, "p x.shape\n" + "c\n" * 20).communicate()[0]
    assert "(Pdb) (2, 4)" in said, said
    assert said.endswith("None\n")


def test_a_check_that_runs_here_has_no_limits(write: Callable[[str], Path]) -> None:
    """What the process of its own guards against: without it, nothing ends the loop."""
    folder = write(ENDLESS)
    process = python(folder, f"{SCRIPT}run(here=True)")
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=2)
    process.kill()
    process.communicate()
    said = python(folder, f"{SCRIPT}run()").communicate()[0]
    assert "did not end within 0.5 seconds" in said


def test_ctrl_c_in_a_check_says_where_the_code_was(write: Callable[[str], Path]) -> None:
    folder = write("open('begun', 'w').close()\n    while x is not None:\n        out = x")
    table = folder / "goldens" / "course.json"
    table.write_text(table.read_text().replace('"seconds": 0.5', '"seconds": 500').replace(": 2.0", ": 500"))
    for script in (f"{SCRIPT}run()\nprint('alive')", "from utils.cli import main; main()"):
        listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # in the background, too
        process = python(folder, f"{listening}\nimport sys; sys.argv[1:] = ['check', 'relu_forward']\n{script}")
        while not (folder / "begun").exists():
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate()
        assert said.startswith("■ layers.relu_forward: interrupted at nndl/layers.py, line "), said
        assert "running with: " in said
        assert ("alive" in said, process.returncode) in ((True, 0), (False, 130))
        (folder / "begun").unlink()


NET = """
import numpy as np

class TwoLayerNet:
    def __init__(self, inputs, hidden, classes):
        self.params = {}

    def predict(self, X):
        print("images", X.shape)
        PREDICT
"""


@pytest.fixture
def net(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """``net(lines)``: what the check of a trained net says where `lines` predict."""
    rng = np.random.default_rng(0)
    weights = {"W1": (50, 3072), "b1": (50,), "W2": (10, 50), "b2": (10,)}
    data = {"X_val": rng.normal(size=(20, 32, 32, 3)), "y_val": np.arange(20) % 10, "dataset": "offline"}
    save_model(folder / "models" / "two_layer_best.npz", {n: rng.normal(size=s) for n, s in weights.items()}, data)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(student_code, "NET_SECONDS", 0.5)

    def said(lines: str, **options: bool) -> str:
        text = NET.replace("PREDICT", lines)
        (folder / "nndl" / "neural_net.py").write_text(text)
        module = ModuleType("nndl.neural_net")
        module.__file__ = str(folder / "nndl" / "neural_net.py")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(text, module.__file__, "exec"), vars(module))
        try:
            return check_model("models/two_layer_best.npz", data, vars(module)["TwoLayerNet"], **options)
        except DataError as error:
            return str(error)

    return said


def test_a_trained_net_is_measured_apart_and_here(net: Callable[..., str], capfd: pytest.CaptureFixture[str]) -> None:
    predict = "return np.arange(len(X)) % 10 * (self.params['W1'].shape == (50, 3072))"
    assert "100.0% on the validation set" in net(predict)
    assert capfd.readouterr().out == ""
    assert "100.0% on the validation set" in net(predict, here=True)
    assert capfd.readouterr().out == "images (20, 3072)\n"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            "while True: pass",
            "TwoLayerNet did not end within 60 seconds. It was stopped at nndl/neural_net.py, line 10",
        ),
        ("return X @ self.params['W1']", "the net cannot be run. ValueError: matmul"),
        ("import os; os._exit(1)", "The Python process ended while TwoLayerNet ran (exit code 1)"),
    ],
)
def test_a_trained_net_that_cannot_be_run_is_one_sentence(net: Callable[[str], str], lines: str, said: str) -> None:
    assert said in net(lines)


def test_without_a_second_process_the_code_runs_here_and_it_is_said(folder: Path) -> None:
    said = python(folder, f"{SCRIPT}import sys\nsys.executable = '/nowhere/python'\nrun()").communicate()[0]
    assert said.splitlines()[0].endswith("So your code runs here, without limits.")
    assert said.splitlines()[1] == "✓ layers.relu_forward: right in all 7 cases"
