"""Does the script that explains a wrong answer reproduce it, with nothing but NumPy and the student's own files?"""

import ast
import base64
import os
import re
import shutil
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from here import RECIPES
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sampling import sampled
from submissions import solved, write

from grader.classrun import collect
from grader.classrun.explain import explain, last_due
from grader.classrun.reproduce import _PACKED, literal
from grader.course.decision_file import decided
from grader.errors import UnusableInput
from grader.judging.secret import VARIABLE

LATER = datetime(2100, 1, 1, tzinfo=UTC)
MISTAKES = {
    "layers.affine_backward": (
        "layers",
        "db = dout.sum(axis=0)",
        "db = dout.sum(axis=0, keepdims=True)",
        r"db has shape \(1, \d+\) and should have \(\d+,\)",
    ),
    "layers.affine_forward": (
        "layers",
        "out = x.reshape(",
        "out = 1.5 * x.reshape(",
        "out differs by up to [0-9.e+]+\n",
    ),
    "layers.relu_forward": (
        "layers",
        "def relu_forward(x):",
        "def relu_forward(x):\n    x *= 1.0 * (x > 0)",
        "x was chan",
    ),
    "layers.relu_backward": (
        "layers",
        "def relu_backward(dout, cache):",
        "def relu_backward(dout):",
        "TypeError: relu_b",
    ),
    "fc_net.TwoLayerNet.__init__": ("fc_net", "weight_scale * ", "3 * weight_scale * ", r"params\.W1\nis\n\[\["),
    "fc_net.FullyConnectedNet.loss": ("fc_net", "0.5 * self.reg", "1.0 * self.reg", "loss differs by up to"),
}


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    """The same cases in every run, and no file with a secret in the course's folder."""
    monkeypatch.setenv(VARIABLE, "a secret for the tests, always the same")


def handed_in(folder, reference, module="", old="", new=""):
    files = solved(reference)
    if module:
        path = f"nndl/{module}.py"
        assert old.encode() in files[path], old
        files[path] = files[path].replace(old.encode(), new.encode())
    write(folder / "ada" / "hw3", files)
    return folder


def explained(course, submitted, exercise, **how):
    return explain(course, course["hw3"], "ada", exercise, submitted, now=LATER, **how)


@pytest.mark.parametrize("exercise", MISTAKES)
def test_the_script_shows_the_mistake_in_the_students_folder(course, reference, tmp_path, exercise):
    module, old, new, seen = MISTAKES[exercise]
    submitted = handed_in(tmp_path, reference, module, old, new)
    text = explained(course, submitted, exercise)
    assert text.startswith(f"# {exercise} of hw3, as it was graded for ada.\n# The case ")
    assert "# Seen: " in text
    ast.parse(text)
    path = submitted / "ada" / "hw3" / "why.py"
    shutil.copy(course.root / "nndl" / "__init__.py", path.parent / "nndl")  # as in a student's own folder
    path.write_text(text)
    assert re.search(seen, run_script(course, path)), text[-2000:]


def known_mistakes():
    """An exercise of each kind of output, with its last misconception."""
    recipes = [recipe for recipe in RECIPES.values() if recipe.misconceptions and recipe.module != "further"]
    names = [recipe.name for recipe in recipes]
    return sampled([(recipe.name, recipe.misconceptions[-1].id) for recipe in recipes], names, every=18)


@pytest.mark.parametrize(("exercise", "mistake"), known_mistakes())
def test_every_known_mistake_is_reproduced(course, reference, tmp_path, exercise, mistake):
    recipe = RECIPES[exercise]
    (hunks,) = [one.hunks for one in recipe.misconceptions if one.id == mistake]
    assignment = next(assignment for assignment, one in course.exercises() if one.name == exercise)
    files = {f"nndl/{name}.py": reference.source(name) for name in reference.modules}
    files[f"nndl/{recipe.module}.py"] = reference.changed(recipe.module, hunks)
    files["nndl/__init__.py"] = (course.root / "nndl" / "__init__.py").read_text()
    folder = tmp_path / "ada" / assignment.name
    write(folder, {path: text.encode() for path, text in files.items()})
    (folder / "why.py").write_text(explain(course, assignment, "ada", exercise, tmp_path, now=LATER))
    shown = run_script(course, folder / "why.py")
    assert re.search(r"differs by up to (?!0\n)|has shape|changed in place|\nis\n|Error|cannot be compared", shown)


def run_script(course, path):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(course.root), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, path], env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_right_answer_has_nothing_to_explain(course, reference, tmp_path):
    submitted = handed_in(tmp_path, reference)
    with pytest.raises(UnusableInput, match=r"layers\.relu_forward of ada is right in all \d+ hidden cases"):
        explained(course, submitted, "layers.relu_forward")


@pytest.mark.parametrize(
    ("exercise", "how", "sentence"),
    [
        ("layers.relu", {}, 'hw3 has no exercise "layers.relu"; it has '),
        ("models.two_layer_best", {}, "is a trained net, which has no cases"),
        (
            "layers.affine_backward",
            {"case": "no such case"},
            'No case "no such case" of layers.affine_backward went wrong',
        ),
        ("backprop.gplvm_data_fit", {}, "nndl/backprop.py was not handed in"),
    ],
)
def test_what_cannot_be_explained_is_one_sentence(course, reference, tmp_path, exercise, how, sentence):
    module, old, new, _ = MISTAKES["layers.affine_backward"]
    submitted = handed_in(tmp_path, reference, module, old, new)
    (submitted / "ada" / "hw3" / "nndl" / "backprop.py").unlink()
    with pytest.raises(UnusableInput, match=sentence.replace("(", r"\(")):
        explained(course, submitted, exercise, **how)


def test_a_student_who_has_handed_in_nothing_is_named(course, reference, tmp_path):
    submitted = handed_in(tmp_path, reference)
    with pytest.raises(UnusableInput, match='There is no submission of hw3 by "bob"'):
        explain(course, course["hw3"], "bob", "layers.relu_forward", submitted, now=LATER)


EXTENSION = '[[extension]]\nassignment = "hw3"\nstudents = ["zoe"]\ndays = 3\n'
BUDGET = "[[late_days]]\ndays = 5\nmost = 2\n"


@pytest.mark.parametrize(("text", "days"), [("", 0), (EXTENSION, 3), (BUDGET, 2), (EXTENSION + BUDGET, 5)])
def test_before_the_last_student_has_handed_in_no_case_is_shown(course, tmp_path, monkeypatch, text, days):
    course = decided(course, text)
    due = last_due(course, course["hw3"])
    assert due - course["hw3"].due == timedelta(days=days)
    monkeypatch.setattr(collect, "read_submission", None)
    with pytest.raises(UnusableInput, match=f"Until {due:%Y-%m-%d %H:%M} UTC somebody may still hand in hw3"):
        explain(course, course["hw3"], "ada", "layers.relu_forward", tmp_path, now=due - timedelta(seconds=1))
    with pytest.raises(UnusableInput, match="No submissions in"):
        explain(course, course["hw3"], "ada", "layers.relu_forward", tmp_path, now=due)


ARRAYS = hnp.arrays(
    st.sampled_from(["float64", "float32", "int64", "bool", "uint8"]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0),
)


@given(ARRAYS, st.integers(0, 23), st.sampled_from([1, 40]))
def test_an_array_is_written_exactly(array, order, times):
    array = np.repeat(array, times, axis=0) if array.ndim else array
    array = array.transpose(np.random.default_rng(order).permutation(array.ndim))
    names = {"np": np, "nan": np.nan, "inf": np.inf, "base64": base64, "zlib": zlib}
    exec(_PACKED, names)
    back = eval(literal({"x": (array, [1.5, None, "a"])}), names)["x"]
    assert back[1] == [1.5, None, "a"]
    assert back[0].dtype == array.dtype
    np.testing.assert_array_equal(back[0], array)
    if array.size > 1 and 1 not in array.shape:
        assert np.argsort(back[0].strides).tolist() == np.argsort(array.strides).tolist()
