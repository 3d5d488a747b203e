"""Does the class report count right?"""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from reports import COURSE, a_class, everything, report, rows

from grader.feedback import next_steps, summary
from utils.checks.pack import load

GOLDENS = COURSE.root / "goldens"
HW3 = COURSE["hw3"]


def test_pass_rates_count_every_verdict():
    rates = {rate.exercise.name: rate for rate in summary.pass_rates(rows(a_class()), HW3)}
    rate = rates["layers.affine_backward"]
    assert rate.total == 14
    assert rate.counts == {"pass": 9, "partial": 2, "fail": 1, "error": 1, "missing": 1, "timeout": 0, "killed": 0}
    assert rate.share == 9 / 14
    assert {bin.start: bin.count for bin in rate.bins if bin.count} == {0: 3, 50: 2, 90: 9}


def test_the_most_frequent_misconception_comes_first_and_counts_a_student_once():
    reports = a_class()
    twice = reports[7]
    affine = next(v for v in twice.exercises if v.name == "layers.affine_backward")
    reports[7] = replace(twice, exercises=(*twice.exercises, affine))
    first = next(m for m in summary.misconceptions(rows(reports), GOLDENS) if m.name == "column_db")
    assert first.students == ["carol", "dan"]
    counts = [len(entry.students) for entry in summary.misconceptions(rows(reports), GOLDENS)]
    assert counts == sorted(counts, reverse=True)


def test_attention_is_for_what_was_stopped_and_what_was_remarked():
    found = {entry.row.student: entry.reasons for entry in summary.needs_attention(rows(a_class()), HW3)}
    assert list(found) == ["dan", "eve", "frank", "grace"]
    assert found["dan"] == ["Too slow: fc_net.FullyConnectedNet.loss."]
    assert found["frank"] == [
        "An error: layers.affine_forward, layers.affine_backward, layers.relu_forward and 5 more."
    ]
    assert found["grace"][0].startswith("backprop.ipynb is not a notebook")


def test_the_most_urgent_comes_first():
    loss = "fc_net.FullyConnectedNet.loss"
    urgent = [
        replace(report("z"), sandbox="not run", remarks=("Not graded: it is no archive. Look at it by hand.",)),
        *(report(name, {loss: verdict}) for name, verdict in (("y", "timeout"), ("x", "killed"), ("w", "error"))),
        replace(report("v"), remarks=("numpy.py was ignored.",)),
    ]
    found = summary.needs_attention(rows([report("a"), *reversed(urgent), report("b", {loss: "fail"})]), HW3)
    assert [entry.row.student for entry in found] == ["z", "y", "x", "w", "v"]


def test_a_remark_on_most_of_the_class_is_shown_once():
    usual, rare = "nndl/__init__.py was ignored.", "numpy.py was ignored."
    reports = [replace(report(f"s{n}"), remarks=(usual, rare) if n == 0 else (usual,)) for n in range(4)]
    reports += [report("s4"), report("s5")]
    assert summary.common_remarks(rows(reports)) == [usual]
    found = summary.needs_attention(rows(reports), HW3)
    assert [(entry.row.student, entry.reasons) for entry in found] == [("s0", [rare])]


def test_in_a_small_class_every_remark_counts():
    reports = [replace(report(f"s{n}"), remarks=("numpy.py was ignored.",)) for n in range(4)]
    assert summary.common_remarks(rows(reports)) == []
    assert len(summary.needs_attention(rows(reports), HW3)) == 4


@given(st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.7, 0.999, 1.0]), max_size=30))
def test_every_score_falls_into_one_bin(shares):
    reports = []
    for share in shares:
        verdicts = report("s").exercises
        reports.append(replace(report("s"), exercises=tuple(replace(v, score=share * v.max_score) for v in verdicts)))
    bins = summary.score_distribution(rows(reports))
    assert sum(bin.count for bin in bins) == len(shares)
    assert bins[3].count == shares.count(0.3)
    assert bins[9].count == shares.count(1.0) + shares.count(0.999)


def test_an_empty_class_has_a_median():
    assert summary.median_score([]) == 0.0


def test_next_steps_wait_for_their_prerequisites():
    names = [step.exercise.name for step in next_steps(report("s", everything("fail")), COURSE, limit=99)]
    assert "layers.affine_forward" in names
    assert "layers.affine_backward" not in names
    forward_done = everything("fail") | {"layers.affine_forward": "pass"}
    names = [step.exercise.name for step in next_steps(report("s", forward_done), COURSE, limit=99)]
    assert "layers.affine_backward" in names


def test_there_is_no_next_step_when_everything_is_right():
    assert next_steps(report("s"), COURSE) == []


def test_a_misconception_says_which_visible_case_shows_it():
    known = summary.Misconception("layers.affine_backward", "db-keeps-axis", "It is.", GOLDENS)
    assert known.visible_case in [golden.case.title for golden in load(known.exercise, GOLDENS).cases]
    assert summary.Misconception("layers.affine_backward", "nobody knows it", "It is.", GOLDENS).visible_case is None
    assert summary.Misconception("models.two_layer_best", "no pack", "It is.", GOLDENS).visible_case is None


def test_an_exercise_says_how_long_it_took():
    rate = summary.PassRate(HW3.exercises[0], {}, 3, (0.5, 4.0, 1.0))
    assert (rate.median, rate.slowest) == (1.0, 4.0)
