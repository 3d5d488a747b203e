"""Bring together what the desk's pages need: questions, answers, grades, rubrics, and who is at which answer."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..classrun import record
from ..classrun.cache import Cache
from ..classrun.collect import HandIn, collect, read_submission
from ..classrun.similar import find_similar
from ..course import Course, Exercise
from ..errors import UnusableInput
from ..feedback import side_by_side_page
from ..gradebook import Gradebook
from ..gradebook.by_hand import HandGrade, HandGrades, Key, Mark
from ..judging.secret import course_secret
from ..report import Verdict
from ..submission import NotASubmission
from ..submission.similarity import Pair
from ..submission.source import decode
from .answers import Answer, read_answer
from .own_code import function_text
from .questions import Question, chosen_exercises, questions
from .rubric import Item, Rubric, read_rubrics, write_items


@dataclass(frozen=True)
class Grader:
    """A window of somebody who grades: what tells it from other windows, and the person's name."""

    session: str
    name: str


@dataclass(frozen=True)
class Progress:
    """How far a question is: the number of answers that are graded, wait, and are empty."""

    question: Question
    graded: int
    waiting: int
    empty: int
    graders: tuple[str, ...]  # those who are at it now


@dataclass(frozen=True)
class OwnCode:
    """What a student has written for an exercise, and its verdict, if there is one."""

    exercise: Exercise
    text: str
    verdict: Verdict | None


class Desk:
    """What the pages show and change.

    Parameters
    ----------
    course : Course
    book : Gradebook
        Open; the desk does not close it.
    submitted : Path
        The folder with the submissions, for the students' own code.
    anonymous : bool, default False
        Whether names are not shown, and answers are in an order that says nothing of them.
    """

    def __init__(self, course: Course, book: Gradebook, submitted: Path, *, anonymous: bool = False) -> None:
        self.course, self.grades, self.anonymous = course, HandGrades(book), anonymous
        self._book, self._submitted = book, submitted
        self._secret = course_secret(course.root)
        self._questions: dict[str, list[Question]] = {}
        self._hand_ins: dict[str, dict[str, HandIn]] = {}
        self._similar: dict[str, list[Pair]] = {}
        self._followed: dict[str, dict[str, Rubric]] = {}

    def questions(self, assignment: str) -> list[Question]:
        """Return the questions of an assignment; they are read once."""
        if assignment not in self._questions:
            self._questions[assignment] = questions(self.course, self.course[assignment])
        return self._questions[assignment]

    def question(self, assignment: str, name: str) -> Question:
        """Return a question; raise UnusableInput where there is none of this name."""
        for question in self.questions(assignment):
            if question.name == name:
                return question
        raise UnusableInput(f'{assignment} has no question "{name}"; choose one from the list.')

    def progress(self, assignment: str) -> list[Progress]:
        """Return how far each question of an assignment is; nothing where nobody has handed in."""
        self.follow_rubrics(assignment)
        answers = self.grades.answers(assignment)
        if not answers:
            return []
        found = []
        for question in self.questions(assignment):
            grades = answers.get(question.name, [])
            states = [grade.state for grade in grades]
            at_it = tuple(sorted({grade.claimed_by for grade in grades if grade.claimed_by}))
            waiting = states.count("waiting") + states.count("changed")
            found.append(Progress(question, states.count("graded"), waiting, states.count("empty"), at_it))
        return found

    def answers(self, question: Question, session: str = "") -> list[HandGrade]:
        """Return the answers to a question in the order in which they are shown; see `HandGrades.answers`."""
        found = self.grades.answers(question.assignment, question.name, session).get(question.name, [])
        if self.anonymous:
            return sorted(found, key=lambda grade: self.number(question, grade.student))
        return sorted(found, key=lambda grade: grade.student.casefold())

    def number(self, question: Question, student: str) -> str:
        """Return what an answer is called in addresses; nobody can compute a name from it."""
        text = "\0".join(("desk", question.assignment, question.name, student)).encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, text, "sha256").hex()[:16]

    def answer(self, question: Question, student: str) -> Answer:
        """Read a student's answer from the annotated notebook."""
        names = [notebook.name for notebook in self.course[question.assignment].notebook]
        notebooks = self._book.written(question.assignment, student)
        return read_answer(notebooks[names.index(question.notebook)], question.name)

    def own_code(self, question: Question, student: str) -> list[OwnCode]:
        """Return a student's own code for the exercises that a question is about, with the verdicts."""
        assignment = self.course[question.assignment]
        files = self._files(question.assignment, student)
        with Cache(self.course) as cache:
            report = record.read(cache, assignment.name, student).report(assignment, student)
        verdicts = {verdict.name: verdict for verdict in report.exercises} if report else {}
        found = []
        about = self.rubric(question).about
        for exercise in chosen_exercises(assignment, about, question):
            module, function = exercise.written_in
            text = decode(files.get(f"{self.course.package}/{module}.py", b"")).text
            found.append(OwnCode(exercise, function_text(text, function), verdicts.get(exercise.name)))
        return found

    def similar(self, assignment: str) -> list[Pair]:
        """Return the pairs of submissions that have unusually much in common; they are looked for once."""
        if assignment not in self._similar:
            with Cache(self.course) as cache:
                students = sorted(self._class(assignment))
                self._similar[assignment] = find_similar(self.course, self.course[assignment], students, cache)
        return self._similar[assignment]

    def side_by_side(self, assignment: str, pair: Pair) -> str:
        """Return the page that shows two similar programs."""
        given = {path.name: path.read_bytes() for path in (self.course.root / self.course.package).glob("*.py")}
        one, other = (self._files(assignment, student) for student in (pair.one, pair.other))
        task = self.course[assignment]
        return side_by_side_page(pair, one, other, given, self.course, task, back=f"/similar/{assignment}")

    def rubric(self, question: Question) -> Rubric:
        """Return the rubric of a question as it is now; an empty one where there is none."""
        return read_rubrics(self.course, question.assignment).get(question.name, Rubric())

    def enter(self, question: Question, student: str, mark: Mark, seen: str | None = None) -> bool:
        """Enter a grade; return whether nobody else has changed it in between."""
        rubric, key = self.rubric(question), Key(question.assignment, question.name, student)
        worth = self.grades.answer(key).max_points
        return self.grades.enter(key, mark, rubric.points(mark, worth), rubric.comment(mark), seen)

    def write_rubric(self, question: Question, items: Sequence[Item], start: str) -> int:
        """Change a question's rubric; return how many answers that were graded by it have other points now."""
        self.follow_rubrics(question.assignment)
        write_items(self.course, question.assignment, question.name, items, start)
        return self.follow_rubrics(question.assignment)

    def follow_rubrics(self, assignment: str) -> int:
        """Bring the grades of an assignment in line with its rubrics, if these have changed.

        Grades that somebody has changed elsewhere, as in formgrader, stay as they are.

        Returns
        -------
        int
            How many answers have other points or another comment now.
        """
        rubrics = read_rubrics(self.course, assignment)
        if self._followed.get(assignment) == rubrics:
            return 0
        changed = 0
        for name, grades in self.grades.answers(assignment).items():
            rubric = rubrics.get(name, Rubric())
            for grade in grades:
                if grade.mark is None or grade.elsewhere:
                    continue
                points, comment = rubric.points(grade.mark, grade.max_points), rubric.comment(grade.mark)
                if (points, comment) != (grade.points, grade.comment) and grade.state == "graded":
                    changed += self.grades.enter(
                        Key(assignment, name, grade.student), grade.mark, points, comment, grade.seen
                    )
        self._followed[assignment] = rubrics
        return changed

    def _class(self, assignment: str) -> dict[str, HandIn]:
        """Find the submissions of an assignment, once; none where there is no folder with them."""
        if assignment not in self._hand_ins:
            try:
                found = collect(self._submitted, self.course[assignment])
            except UnusableInput:
                found = []
            self._hand_ins[assignment] = {hand_in.student: hand_in for hand_in in found}
        return self._hand_ins[assignment]

    def _files(self, assignment: str, student: str) -> dict[str, bytes]:
        """Read the files that a student has handed in; none where they cannot be read."""
        hand_in = self._class(assignment).get(student)
        try:
            return read_submission(self.course, self.course[assignment], hand_in.path).files if hand_in else {}
        except NotASubmission:
            return {}


def following(answers: Sequence[HandGrade], place: int) -> HandGrade | None:
    """Return the first answer after a place, going round, that waits for a grade and that nobody is at."""
    for grade in (*answers[place + 1 :], *answers[: place + 1]):
        if grade.state in ("waiting", "changed") and not grade.claimed_by:
            return grade
    return None
