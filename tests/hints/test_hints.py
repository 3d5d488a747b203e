"""Wrong answers are read as written and judged as the grader would; a reading holds for the hint that was read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer
from sampling import sampled
from submissions import solved, submission, write

from grader import hints
from grader.course import Course
from grader.errors import CourseError, UnusableCourseFiles, UnusableInput
from grader.hints import Hinted, Readings, StudentAnswer
from grader.hints.measuring import SECRET, STUDENT, hinted
from grader.judging.budget import Budget
from grader.judging.case_bank import case_bank
from grader.judging.submitted_module import SubmittedModule
from grader.reference import Reference
from grader.sandbox import choose_confinement
from grader.show import hints as show_hints

WRONG = "def relu_forward(x):\n    out = np.abs(x)\n    return out, x"
RIGHT = WRONG.replace("abs(x)", "where(x > 0, x, 0)")
FILE = "solutions/student_answers/development/layers/relu_forward.txt"


def answer(code: str, exercise: str = "layers.relu_forward") -> StudentAnswer:
    return StudentAnswer("development", exercise, "01", ("the sign is lost",), code, FILE, 1)


def read(folder: Path, text: str, course: Course, file: str = FILE) -> list[StudentAnswer]:
    write(folder, {"solutions/__init__.py": b"", "solutions/nndl/__init__.py": b"", file: text.encode()})
    return hints.read_answers(course, Reference(folder, "nndl"))


def test_answers_are_read_with_all_their_causes(tmp_path: Path, course: Course) -> None:
    text = f"=== 01\ncause: one\ncause: two\n{WRONG}\n\n=== 02\ncause: three\nimport math\n{RIGHT}\n"
    one, two = read(tmp_path, text, course)
    assert (one.id, one.causes, one.code) == ("development/layers.relu_forward/01", ("one", "two"), WRONG)
    assert (two.id, two.line, two.code) == ("development/layers.relu_forward/02", 8, f"import math\n{RIGHT}")


def test_the_development_half_comes_first(tmp_path: Path, course: Course) -> None:
    text = f"=== 01\ncause: one\n{WRONG}\n"
    write(tmp_path, {FILE.replace("development", "held_back"): text.encode()})
    assert [one.half for one in read(tmp_path, text, course)] == ["development", "held_back"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WRONG, 'line 1: an answer should begin with a line such as "=== 01".'),
        (f"===01\ncause: one\n{WRONG}", 'line 1: this should be "===", a space and a number.'),
        (f"=== 01\n{WRONG}", "line 1: the mistakes of answer 01 are missing"),
        (f"=== 01\ncause:\n{WRONG}", "line 1: the mistakes of answer 01 are missing"),
        ("=== 01\ncause: one\ndef relu(x):\n    return x", "line 1: answer 01 has no function relu_forward"),
        ("=== 01\ncause: one\ndef relu_forward(x)", "line 1: the code of answer 01 is not valid Python"),
        (f"=== 01\ncause: one\n{WRONG}\n=== 01\ncause: one\n{WRONG}", "line 6: there are two answers 01"),
    ],
)
def test_a_malformed_answer_is_named_with_file_and_line(text: str, said: str, tmp_path: Path, course: Course) -> None:
    with pytest.raises(UnusableCourseFiles) as caught:
        read(tmp_path, text, course)
    assert f"{FILE}, {said}" in str(caught.value)


def test_a_file_named_after_no_exercise_is_an_error(tmp_path: Path, course: Course) -> None:
    with pytest.raises(UnusableCourseFiles, match=r"there is no exercise layers\.relu"):
        read(tmp_path, "", course, FILE.replace("relu_forward", "relu"))


def test_an_answer_replaces_the_function_and_nothing_else(reference: Reference) -> None:
    before, after = reference.source("layers"), answer(WRONG).module_text(reference.source("layers"))
    start, stop = before.index("def relu_forward"), before.index("\n\n\ndef relu_backward")
    assert after == before[:start] + WRONG + before[stop:]


def test_a_method_is_put_into_its_class_and_its_helper_in_front_of_it(reference: Reference) -> None:
    code = "def double(a):\n    return 2 * a\n\ndef loss(self, X, y=None):\n    return double(X)"
    text = answer(code, "fc_net.FullyConnectedNet.loss").module_text(reference.source("fc_net"))
    assert "def double(a):\n    return 2 * a\n\nclass FullyConnectedNet:" in text
    module = reference.execute(text, "fc_net", "test")
    assert module.FullyConnectedNet.loss(None, 21) == 42
    assert module.TwoLayerNet.loss.__doc__  # the other class with a method of that name keeps it


def test_a_wrong_answer_gets_its_hints_and_a_right_one_is_accepted(course: Course) -> None:
    wrong, right = hinted(course.root, [answer(WRONG), answer(RIGHT)])
    assert wrong.share == 0
    assert wrong.hint.startswith("out: ")
    assert (right.share, right.hint) == (1, "")
    assert list(hints.accepted([wrong, right])) == [right.answer]


NEVER_DROPPED = """\
def hidden_forward(self, layer, x):
    W, b = self.params[f"W{layer}"], self.params[f"b{layer}"]
    if not (self.normalization or self.dropout):
        return affine_relu_forward(x, W, b)
    norm_cache = dropout_cache = None
    a, fc_cache = affine_forward(x, W, b)
    if self.normalization == "batchnorm":
        scale, shift = self.params[f"gamma{layer}"], self.params[f"beta{layer}"]
        a, norm_cache = normalization_forward(a, scale, shift, self.norm_params[layer], "batchnorm")
    out, relu_cache = relu_forward(a)
    if self.dropout:
        dropped, dropout_cache = dropout_forward(out, self.dropout_params[layer])
    return out, (fc_cache, norm_cache, relu_cache, dropout_cache)
"""


def test_where_only_a_case_is_known_it_is_said_what_is_asked_for(course: Course) -> None:
    """The output is drawn in some cases; in the others nothing is found out but that simpler inputs do not help."""
    (result,) = hinted(course.root, [answer(NEVER_DROPPED, "fc_net.FullyConnectedNet.hidden_forward")])
    assert "it is wrong even when" in result.hint
    assert "what is asked for is" in result.hint


TIED = """\
def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    rows, columns, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    for n in range(x.shape[0]):
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                top, left = i * stride, j * stride
                window = x[n, :, top : top + rows, left : left + columns]
                mask = window == np.max(window)
                dx[n, :, top : top + rows, left : left + columns] += mask * dout[n, :, i, j][:, None, None]
    return dx
"""


def test_of_an_entry_that_ties_with_others_it_is_not_said_with_what_it_should_change(course: Course) -> None:
    (result,) = hinted(course.root, [answer(TIED, "conv_layers.max_pool_backward_naive")])
    assert 'in the case "entries that tie for the largest"' in result.hint
    assert "does not change with dout" not in result.hint


SCALED = "def affine_forward(x, w, b):\n    out = 2 * (x.reshape(len(x), -1) @ w + b)\n    return out, (x, w, b)"


CRASH = "def relu_forward(x):\n    return x @ x.T, x"


BY_CHANNEL = """\
def spatial_groupnorm_backward(dout, cache):
    x_hat, inv_std, gamma = open_cache("spatial_groupnorm_backward", cache, dout)
    dbeta, dgamma = (array.sum(axis=(0, 2, 3), keepdims=True) for array in (dout, dout * x_hat))
    g = dout * gamma
    inv = np.repeat(inv_std[..., 0], x_hat.shape[1] // inv_std.shape[1], axis=1)[:, :, None, None]
    mean, share = (array.mean(axis=(2, 3), keepdims=True) for array in (g, g * x_hat))
    return inv * (g - mean - x_hat * share), dgamma, dbeta
"""

SIGMOID = """\
def predict(self, X):
    hidden = 1 / (1 + np.exp(-(X @ self.params["W1"].T + self.params["b1"])))
    scores = hidden @ self.params["W2"].T + self.params["b2"]
    return np.argmax(scores, axis=1) + 1
"""


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("layers.relu_forward", CRASH, ""),
        ("neural_net.TwoLayerNet.predict", SIGMOID, "is still a value of a right solution; `"),
        ("layers.affine_forward", SCALED, ""),
        ("conv_layers.spatial_groupnorm_backward", BY_CHANNEL, "then each channel is a group of its own: is something"),
    ],
)
def test_the_hints_are_those_of_a_submission(
    name: str, code: str, said: str, course: Course, reference: Reference
) -> None:
    """Of the second answer, values inside of the function are compared with those of right solutions.

    The third is wrong by a factor, so that the gradient is right for it: running it again shows this. With the last
    one, the exercise tells what it means that it is right with a simpler input.
    """
    module = name.partition(".")[0]
    exercise = next(one for _, one in course.exercises() if one.name == name)
    (result,) = hinted(course.root, [answer(code, name)])
    assert said in result.hint
    text = result.answer.module_text(reference.source(module))
    files = solved(reference) | {f"nndl/{module}.py": text.encode()}
    way, budget = choose_confinement("auto"), Budget(course.limits)
    with SubmittedModule(submission(files), course, module, reference, way, budget) as submitted:
        trial = case_bank(reference, name, SECRET).trial(STUDENT)
        judgement = submitted.judge(trial, exercise.requires, course.follow_through(exercise))
    assert result.share == judgement.share
    found = [one for one in judgement.findings if one.hint]
    assert result.hint == "\n".join(f"{f.aspect}: {f.hint}" if f.aspect else f.hint for f in found)


@pytest.mark.parametrize("code", [WRONG.replace("np.abs(x)", "x / no_such_name"), f"import no_such_module\n{WRONG}"])
def test_a_crash_is_a_hint(code: str, course: Course) -> None:
    (result,) = hinted(course.root, [answer(code)])
    assert result.share == 0
    assert "no_such" in result.hint


def test_an_answer_that_never_ends_is_rejected(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.hints.measuring.LIMIT", 0.2)
    endless = WRONG.replace("    out", "    while True:\n        x\n    out", 1)
    (result,) = hinted(course.root, [answer(endless)])
    assert result.share == 0
    assert "did not end" in result.hint


def test_an_accepted_answer_is_an_error(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hints, "read_answers", lambda *_: [answer(RIGHT)])
    monkeypatch.setattr(hints, "measure", lambda course, answers, jobs: hinted(course.root, answers))
    with pytest.raises(typer.Exit):
        show_hints.shares(course, ["layers.relu_forward"])
    assert "line 1: development/layers.relu_forward/01 earns all points" in " ".join(capsys.readouterr().out.split())


def result(hint: str) -> Hinted:
    return Hinted(answer(WRONG), 0.0, hint)


def test_a_reading_holds_until_the_words_of_the_hint_change() -> None:
    was = result("out: out[0, 1] is -0.5e-3 where 1 is expected.")
    readings = Readings({}).with_read({was.answer.id: "none"}, [was])
    assert readings.class_of(was) == "none"
    assert readings.class_of(result("out: out[2, 3] is 7.25 where -4 is expected.")) == "none"
    assert readings.class_of(result("out: The sign of x is lost.")) == hints.NOT_READ
    assert readings.class_of(replace(was, answer=replace(was.answer, number="02"))) == hints.NOT_READ


def test_stale_readings_are_counted_as_not_read() -> None:
    was = result("out: a sentence")
    readings = Readings({}).with_read({was.answer.id: "named"}, [was])
    assert hints.counted([was, result("out: another sentence")], readings) == {"named": 1, hints.NOT_READ: 1}
    page = hints.report([was, result("out: another sentence")], readings)
    assert "| one mistake | 2 | 1 | 0 | 0 | 0 | 1 | 50 % |" in page
    assert "| two or three mistakes | 0 | 0 | 0 | 0 | 0 | 0 |  |" in page


def test_readings_are_kept(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "solutions/__init__.py": b"",
            "solutions/pkg/__init__.py": b"",
            "solutions/student_answers/readings.toml": b"",
        },
    )
    reference, was = Reference(tmp_path, "pkg"), result("out: a sentence")
    Readings.read(reference).with_read({was.answer.id: "vague"}, [was]).write(reference)
    assert Readings.read(reference).class_of(was) == "vague"


def test_a_reading_of_no_class_is_an_error(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "solutions/__init__.py": b"",
            "solutions/pkg/__init__.py": b"",
            "solutions/student_answers/readings.toml": b'"a" = ["fine", ""]',
        },
    )
    with pytest.raises(CourseError, match="a should have a class"):
        Readings.read(Reference(tmp_path, "pkg"))


def test_what_a_reader_wrote_down_is_read(tmp_path: Path) -> None:
    path = tmp_path / "read.txt"
    path.write_text("# today\nhalf/a.f/01 named\n\nhalf/a.f/02  none  # only numbers\n")
    assert hints.read_lines(path, ["half/a.f/01", "half/a.f/02"]) == {"half/a.f/01": "named", "half/a.f/02": "none"}
    with pytest.raises(UnusableCourseFiles, match="line 4: there is no answer"):
        hints.read_lines(path, ["half/a.f/01"])
    path.write_text("half/a.f/01 good")
    with pytest.raises(UnusableCourseFiles, match="line 1: 'good' is no class"):
        hints.read_lines(path, ["half/a.f/01"])
    with pytest.raises(UnusableInput, match="cannot be read"):
        hints.read_lines(tmp_path / "nothing", [])


def test_every_answer_of_this_course_is_well_formed(course: Course, reference: Reference) -> None:
    answers = hints.read_answers(course, reference)
    assert answers
    assert len({one.id for one in answers}) == len(answers)


@pytest.mark.parametrize(
    "exercise", sampled(["layers.dropout_backward", "optim.sgd_momentum", "layers.affine_forward"], every=3)
)
def test_answers_of_this_course_are_rejected(exercise: str, course: Course, reference: Reference) -> None:
    answers = [one for one in hints.read_answers(course, reference) if one.exercise == exercise]
    assert answers
    assert not list(hints.accepted(hinted(course.root, answers)))


def test_that_two_trainings_are_alike_names_no_mistake_by_the_sizes_of_other_minibatches(
    course: Course, reference: Reference
) -> None:
    taken = "development/neural_net.TwoLayerNet.train/03"  # the first rows, in every iteration
    (found,) = hinted(course.root, [one for one in hints.read_answers(course, reference) if one.id == taken])
    assert "trainings: two trainings draw the same minibatches" in found.hint
    assert "whole training set" not in found.hint


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_page_is_true(course: Course, reference: Reference) -> None:
    pytest.importorskip("torch", reason="the page is about PyTorch, too: pip install torch")
    results = hints.measure(course, hints.read_answers(course, reference))
    assert not list(hints.accepted(results))
    assert (course.root / hints.PAGE).read_text("utf-8") == hints.report(results, Readings.read(reference))


def test_a_reader_is_shown_causes_and_hints(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held_back = replace(answer(WRONG), half="held_back")
    monkeypatch.setattr(hints, "read_answers", lambda *_: [answer(WRONG), held_back])
    monkeypatch.setattr(hints, "measure", lambda course, answers, jobs: hinted(course.root, answers))
    monkeypatch.setattr(Readings, "read", lambda reference: Readings({}))
    show_hints.comparison(course, [], "development", unread=True)
    said = capsys.readouterr().out
    assert said.startswith("development/layers.relu_forward/01  [not read; share 0.00]\n  cause: the sign is lost\n")
    assert "  hint:  out: " in said
    assert "held_back" not in said  # whoever improves hints with one half does not see the other


def test_no_half_is_shown_that_is_not_there(course: Course) -> None:
    with pytest.raises(UnusableInput, match="development or held_back"):
        show_hints.comparison(course, [], "other")
