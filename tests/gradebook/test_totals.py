"""Is a total what the scores, the times and the decisions say, and does nbgrader's database have the same?"""

from datetime import UTC, datetime, timedelta

import pytest
from databases import both_databases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbgrader import api
from small_course import answered, make, report

from grader.course.decision_file import decided
from grader.gradebook import Gradebook

DUE = datetime(2027, 2, 5, 12, tzinfo=UTC)
PREDICT = "neural_net.TwoLayerNet.predict"


def recorded(course, text="", hours=0.0, **verdicts):
    """Enter a submission of Ada, who hands in `hours` late, and return her total and nbgrader's own."""
    course = decided(course, text)
    with Gradebook(course) as book:
        book.record(report("ada", **verdicts), answered(course, why="Because."), DUE + timedelta(hours=hours))
        return seen(book)


def seen(book):
    (total,) = book.totals("a1")
    with api.Gradebook(book.url) as gb:
        submission = gb.find_submission("a1", "ada")
        stock = submission.score - submission.late_submission_penalty
        assert submission.duedate.replace(tzinfo=UTC) == total.due
    assert stock == pytest.approx(total.score)
    return total


def test_without_decisions_a_total_is_the_score_less_what_lateness_takes_off(small):
    total = recorded(small, hours=30)
    assert (total.score, total.penalty, total.notes) == (pytest.approx(10.5 * 0.8), pytest.approx(2.1), ())


EXTENSION = '[[extension]]\nassignment = "a1"\nstudents = ["ada"]\n'


@pytest.mark.parametrize(
    ("text", "penalty"),
    [
        (EXTENSION + "days = 1", 1.05),
        (EXTENSION + "until = 2027-02-06T18:00:00Z", 0),
        (EXTENSION + "until = 2027-02-06T18:00:00+05:00", 1.05),
        (EXTENSION + "days = 2\n" + EXTENSION + "days = 0.5", 0),
        (EXTENSION.replace('["ada"]', '"all"') + "days = 1", 1.05),
        (EXTENSION.replace("ada", "bob") + "days = 5", 2.1),
    ],
)
def test_an_extension_moves_the_due_date(small, text, penalty):
    total = recorded(small, text, hours=30)
    assert total.penalty == pytest.approx(penalty)
    assert len(total.notes) == ("bob" not in text)


VOID = '[[void]]\nquestion = "layers.affine_forward"\npoints = "{}"\n'
BONUS = '[[bonus]]\nassignment = "a1"\nstudents = ["ada"]\npoints = 2\n'
OVERRIDE = '[[override]]\nstudent = "ada"\npoints = {}\nreason = "seen"\n'
WEIGHT = f'[[weight]]\nquestion = "{PREDICT}"\npoints = {{}}\n'


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (VOID.format("given"), 3 + 2.5),
        (VOID.format("redistributed"), 2.5 + 3 * 2.5 / 12.5),
        (VOID.format("redistributed").replace("layers.affine_forward", "why"), 2.5 + 4 * 2.5 / 11.5),
        (VOID.format("given").replace("layers.affine_forward", "why"), 2.5 + 4),
        (BONUS, 4.5),
        (BONUS + BONUS.replace('["ada"]', '"all"'), 6.5),
        (OVERRIDE.format(4) + f'question = "{PREDICT}"', 2.5 + 4),
        (OVERRIDE.format(4) + 'question = "why"', 2.5 + 4),
        (OVERRIDE.format(0) + 'question = "layers.relu_forward"', 0),
        (OVERRIDE.format(7) + 'assignment = "a1"\n' + BONUS, 7),
        (OVERRIDE.format(1) + 'question = "why"\n' + VOID.format("given").replace("layers.affine_forward", "why"), 3.5),
        (OVERRIDE.format(1) + 'question = "why"\n' + OVERRIDE.format(2) + 'question = "why"', 4.5),
    ],
)
def test_each_kind_of_decision_counts_and_nbgrader_has_the_same_sum(small, text, score):
    total = recorded(small, text, affine_forward="fail", predict="fail")
    assert total.score == pytest.approx(score)
    assert total.max_score == 15.5
    assert total.notes
    assert recorded(small, affine_forward="fail", predict="fail").score == 2.5  # taken back


def test_lateness_takes_its_share_of_an_override_and_nothing_of_a_bonus(small):
    total = recorded(small, OVERRIDE.format(4) + f'question = "{PREDICT}"\n' + BONUS, hours=30)
    assert total.score == pytest.approx(0.8 * (3 + 2.5 + 4) + 2)


@pytest.mark.parametrize("points", [0, 1.5, 20])
def test_a_weight_keeps_the_share_that_was_earned(small, points):
    course = decided(small, WEIGHT.format(points))
    with Gradebook(small) as book:
        book.record(report("ada", predict="partial"), answered(small, why="Because."))
        before = book.apply_decisions("a1").totals
    with Gradebook(course) as book:
        (before_any_run,) = book.totals("a1")
        book.prepare("a1")
        (total,) = book.apply_decisions("a1").totals
        assert total == seen(book) == before_any_run
    assert (total.score, total.max_score) == (pytest.approx(5.5 + points / 2), 10.5 + points)
    with Gradebook(small) as book:
        book.prepare("a1")
        assert book.apply_decisions("a1").totals == before


def test_a_grade_by_hand_keeps_its_share_however_often_the_points_change(small):
    def graded(points):
        course = decided(small, f'[[weight]]\nquestion = "why"\npoints = {points}' if points is not None else "")
        with Gradebook(course) as book:
            book.prepare("a1")
            book.apply_decisions("a1")
            return seen(book).score - 10.5

    with Gradebook(small) as book:
        book.record(report("ada"), answered(small, why="Because."))
    with api.Gradebook(book.url) as gb:
        grade = gb.find_grade("why", "warmup", "a1", "ada")
        grade.manual_score, grade.needs_manual_grade = 3, False
        gb.db.commit()
    assert [graded(points) for points in (None, 8, 8, 0, 2, None)] == pytest.approx([3, 6, 6, 0, 1.5, 3])


def test_points_that_nbgraders_own_commands_put_back_do_not_scale_a_grade_twice(small):
    course = decided(small, '[[weight]]\nquestion = "why"\npoints = 8')
    with Gradebook(small) as book:
        book.record(report("ada"), answered(small, why="Because."))
    with api.Gradebook(book.url) as gb:
        gb.find_grade("why", "warmup", "a1", "ada").manual_score = 3
        gb.db.commit()
    for _ in range(2):
        with Gradebook(course) as book:
            book.prepare("a1")
            book.apply_decisions("a1")
            assert seen(book).score == 10.5 + 6
        with api.Gradebook(book.url) as gb:  # as `nbgrader generate_assignment` does
            gb.find_grade_cell("why", "warmup", "a1").max_score = 4
            gb.db.commit()


def by_person(book, **values):
    with api.Gradebook(book.url) as gb:
        grade = gb.find_grade("layers-relu_forward", "warmup", "a1", "ada")
        for name, value in values.items():
            setattr(grade, name, value)
        gb.db.commit()
        return grade.extra_credit


@pytest.mark.parametrize("when", ["before", "after"])
def test_extra_credit_of_a_person_stays_beside_what_a_decision_adds(small, when):
    void = decided(small, VOID.format("given").replace("affine", "relu"))
    with Gradebook(void) as book:
        book.record(report("ada", relu_forward="fail"), answered(small))
        assert by_person(book) == 2.5
    with Gradebook(small) as book:
        if when == "before":
            book.apply_decisions("a1")
        by_person(book, extra_credit=0.5)
        assert book.apply_decisions("a1").totals[0].score == 8.5
        assert by_person(book) == 0.5
    bonus = decided(small, BONUS)
    with Gradebook(bonus) as book:
        assert book.apply_decisions("a1").totals[0].score == 10.5
    with Gradebook(small) as book:
        assert book.apply_decisions("a1").totals[0].score == 8.5
        assert seen(book).questions[1].own_extra == 0.5


def test_an_extension_of_nbgrader_counts_until_a_decision_replaces_it_and_is_back_afterwards(small):
    penalties = []
    assert recorded(small, hours=30).penalty == pytest.approx(2.1)
    for text, granted in (("", 1), (EXTENSION + "days = 3", None), ("", None)):
        with Gradebook(decided(small, text)) as book:
            if granted:
                with api.Gradebook(book.url) as gb:
                    gb.grant_extension("a1", "ada", days=granted)
            penalties += [total.penalty for total in book.apply_decisions("a1").totals]
    assert penalties == pytest.approx([1.05, 0, 1.05])


def test_applying_twice_changes_nothing_the_second_time(small):
    text = EXTENSION + "days = 1\n" + BONUS + VOID.format("redistributed")
    with Gradebook(decided(small, text)) as book:
        book.record(report("ada"), answered(small, why="Because."), DUE + timedelta(hours=60))
        first = book.apply_decisions("a1")
        again = book.apply_decisions("a1")
    assert (again.totals, again.changes, again.touched) == (first.totals, (), frozenset())
    (change,) = first.changes
    assert "Bonus: 2." in change.why


def test_a_run_says_what_has_changed_for_whom_and_why(small):
    with Gradebook(small) as book:
        for student in ("ada", "bob"):
            book.record(report(student), answered(small))
        assert book.apply_decisions("a1").changes == ()
    with Gradebook(decided(small, BONUS.replace("points = 2", 'points = 2\nreason = "the race"'))) as book:
        book.record(report("bob", predict="fail"), answered(small))
        told = [str(change) for change in book.apply_decisions("a1").changes]
    assert told == [
        "a1, ada: 10.5 → 12.5. Bonus: 2: the race.",
        f"a1, bob: 10.5 → 5.5. {PREDICT}: 5 → 0 by program.",
    ]
    with Gradebook(small) as book:
        told = [str(change) for change in book.apply_decisions("a1").changes]
    assert told == ["a1, ada: 12.5 → 10.5. No longer: Bonus: 2: the race."]


def test_a_decision_about_nobody_is_named_with_its_line(small):
    with Gradebook(decided(small, "# a comment\n\n" + BONUS.replace("ada", "adaa"))) as book:
        book.record(report("ada"), answered(small))
        (problem,) = book.apply_decisions("a1").problems
    assert str(problem) == 'decisions.toml, line 3: no student "adaa" is known; did you mean "ada"?'


def test_annotated_notebooks_name_the_decisions_until_they_are_taken_back(small):
    paths = [small.root / "autograded" / "ada" / "a1" / name for name in ("warmup.ipynb", "more.ipynb")]
    with Gradebook(decided(small, BONUS.replace("points = 2", 'points = 2\nreason = "a *star*"'))) as book:
        book.record(report("ada"), answered(small))
        plain = [path.read_bytes() for path in paths]
        book.apply_decisions("a1")
        for path in paths:
            assert r"Bonus\: 2\: a \*star\*\." in path.read_text().replace("\\\\", "\\")
    with Gradebook(small) as book:
        assert book.apply_decisions("a1").touched == {"ada"}
    assert [path.read_bytes() for path in paths] == plain


def test_an_unanswered_question_needs_no_grader_when_its_points_have_changed(small):
    """nbgrader knows it by the checksum of its cell, in which the points are."""
    course = decided(small, '[[weight]]\nquestion = "why"\npoints = 8')
    with Gradebook(course) as book:
        book.record(report("ada"), answered(course))
        assert not book.totals("a1")[0].needs_manual_grade
        book.record(report("ada"), answered(course, why="Because."))
        assert book.totals("a1")[0].needs_manual_grade


@both_databases
def test_all_kinds_together_on_each_database(small, url):
    text = EXTENSION + "days = 1\n" + BONUS + VOID.format("given") + WEIGHT.format(10) + BUDGET
    with Gradebook(small, url) as book:
        for student in ("ada", "bob"):
            book.record(report(student, affine_forward="fail"), answered(small), DUE + timedelta(hours=60))
        book.apply_decisions("a1")
        assert [total.score for total in book.totals("a1")] == pytest.approx([0.7 * 7.5] * 2)
    for _ in range(2):
        with Gradebook(decided(small, text), url) as book:
            book.prepare("a1")
            assert len(book.apply_decisions("a1").changes) in (0, 2)
            ada, bob = book.totals("a1")
            rows = {row.student: row.score - row.penalty for row in book.scores("a1")}
    assert (ada.score, bob.score) == (pytest.approx(0.9 * 15.5 + 2), pytest.approx(0.8 * 15.5))
    assert rows == pytest.approx({"ada": ada.score, "bob": bob.score})


BUDGET = "[[late_days]]\ndays = 1\n"


def test_a_decision_about_somebody_who_has_handed_in_nothing_is_named(small):
    text = OVERRIDE.format(7).replace("ada", "bob") + 'assignment = "a1"\n' + BONUS.replace("ada", "bob")
    with Gradebook(decided(small, text)) as book:
        book.record(report("ada"), answered(small))
        with api.Gradebook(book.url) as gb:
            gb.add_student("bob")
        found = [str(problem) for problem in book.apply_decisions("a1").problems]
    said = "bob has handed in nothing for a1; make a folder submitted/bob/a1, empty, for this to count."
    assert found == [f"decisions.toml, line 1: {said}", f"decisions.toml, line 6: {said}"]


def test_what_was_not_told_is_told_by_the_next_run(small):
    with Gradebook(small) as book:
        book.record(report("ada"), answered(small))
        book.apply_decisions("a1")
    with Gradebook(decided(small, BONUS)) as book:
        assert book.apply_decisions("a1", tell=False).totals[0].score == seen(book).score == 12.5
        assert [change.after for change in book.apply_decisions("a1").changes] == [12.5]
        assert book.apply_decisions("a1").changes == ()


KINDS = [
    EXTENSION + "days = 1\n",
    EXTENSION.replace('["ada"]', '"all"') + "until = 2027-02-07T12:00:00Z\n",
    BUDGET,
    VOID.format("given"),
    VOID.format("redistributed").replace("layers.affine_forward", "why"),
    VOID.format("redistributed").replace("layers.affine_forward", PREDICT),
    BONUS,
    OVERRIDE.format(1) + 'question = "layers.relu_forward"\n',
    OVERRIDE.format(3) + 'question = "why"\n',
    OVERRIDE.format(9) + 'assignment = "a1"\n',
    WEIGHT.format(8),
    '[[weight]]\nquestion = "why"\npoints = 2\n',
]
GRADES = st.tuples(
    st.sampled_from([("why", "warmup"), ("how", "more"), ("layers-relu_forward", "warmup")]),
    st.sampled_from([None, 0.5, 1.0]),
    st.sampled_from([None, 0.25]),
)
STEPS = st.lists(st.sets(st.sampled_from(KINDS)) | GRADES, min_size=1, max_size=6)


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """The small course with one late submission."""
    course = make(tmp_path_factory.mktemp("handed_in"))
    with Gradebook(course) as book:
        book.record(report("ada", predict="partial"), answered(course, why="Because."), DUE + timedelta(hours=60))
    return course


@settings(max_examples=settings.default.max_examples // 10, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, GRADES)
def test_nbgraders_sum_is_the_total_after_any_steps_and_decisions_leave_no_trace(handed_in, steps, last):
    """Whatever people decide, grade by hand and take back, in any order."""
    for step in (*steps, last):
        if isinstance(step, tuple):
            (cell, notebook), score, extra = step
            with Gradebook(handed_in) as book, api.Gradebook(book.url) as gb:
                grade = gb.find_grade(cell, notebook, "a1", "ada")
                grade.manual_score, grade.extra_credit = score, extra
                gb.db.commit()
            continue
        with Gradebook(decided(handed_in, "".join(sorted(step)))) as book:
            book.prepare("a1")
            assert tuple(book.apply_decisions("a1").totals) == (seen(book),)
    with Gradebook(handed_in) as book:  # everything is taken back
        book.prepare("a1")
        total = book.apply_decisions("a1").totals[0]
        assert (total, total.notes) == (seen(book), ())
        with api.Gradebook(book.url) as gb:
            grades = gb.find_submission("a1", "ada").notebooks
            extra = {grade.extra_credit for notebook in grades for grade in notebook.grades}
            assert gb.find_submission("a1", "ada").extension in (None, timedelta())
    assert extra <= {None, 0.25}
    assert total.penalty == pytest.approx(0.3 * sum(question.score for question in total.questions))


def test_what_was_written_beside_an_answer_is_gone_when_that_has_to_be_graded_anew(small):
    """nbgrader ignores extra credit of a grade without a score, and counts it as soon as a person gives one."""
    with Gradebook(decided(small, OVERRIDE.format(3) + 'question = "why"')) as book:
        book.record(report("ada"), answered(small))  # not answered, which is 0 points
        assert seen(book).score == 13.5
        book.record(report("ada"), answered(small, why="Because."))
        assert seen(book).score == 13.5
        with api.Gradebook(book.url) as gb:
            assert gb.find_grade("why", "warmup", "a1", "ada").extra_credit is None
