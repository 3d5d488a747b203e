"""The desk's pages: the list of questions, an answer with its rubric, and the changes that these send."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from tornado.web import HTTPError

from ..errors import CourseError, UnusableInput
from ..gradebook.by_hand import HandGrade, Key, Mark
from ..gradebook.rendering import PageBudget
from .desk import following
from .questions import Question
from .rubric import MOST_POINTS, Item
from .server import POLICY, DeskHandler

_LONGEST_TEXT: Final = 20_000  # characters of a remark
_MOST_ITEMS: Final = 30


class Overview(DeskHandler):
    """The list of all questions, with how far each is."""

    def get(self) -> None:
        """Show the list."""
        found, unreleased = [], []
        for assignment in self.desk.course.assignment:
            if not any(notebook.written for notebook in assignment.notebook):
                continue
            try:
                progress = self.desk.progress(assignment.name)
            except CourseError as error:
                unreleased.append(str(error))
            else:
                found.append((assignment, progress))
        self.show("overview.html.j2", assignments=found, troubles=unreleased)

    def post(self) -> None:
        """Take the grader's name."""
        name = " ".join(self.get_body_argument("name").split())
        if not name.isprintable() or not 0 < len(name) <= 60:
            raise UnusableInput("A grader's name has 1 to 60 printable characters; choose another.")
        self.sessions.rename(self.get_cookie(self.cookie_name) or "", name)
        self.redirect_to()


class NextAnswer(DeskHandler):
    """Leads to the first answer to a question that waits for a grade."""

    def get(self, assignment: str, name: str) -> None:
        """Lead there; to the first answer where none waits."""
        question = self.desk.question(assignment, name)
        answers = self.desk.answers(question, self.grader.session)
        if not answers:
            raise HTTPError(404, "nobody has handed in an answer to this question yet")
        chosen = following(answers, len(answers) - 1) or answers[0]
        self.redirect_to("grade", assignment, name, self.desk.number(question, chosen.student))


class OneAnswer(DeskHandler):
    """An answer with everything that is needed to grade it."""

    def get(self, assignment: str, name: str, number: str) -> None:
        """Show the answer, and keep it for this grader, unless somebody else is at it."""
        question = self.desk.question(assignment, name)
        answers, place = self.find(question, number)
        self.desk.follow_rubrics(assignment)
        key = Key(assignment, name, answers[place].student)
        self.desk.grades.let_go(self.grader.session)
        busy = self.desk.grades.claim(key, self.grader.session, self.grader.name)
        self._show(question, answers, place, busy, notice=self.get_query_argument("notice", ""))

    def post(self, assignment: str, name: str, number: str) -> None:
        """Enter the grade, take it back, or take the answer over from somebody who was at it."""
        question = self.desk.question(assignment, name)
        answers, place = self.find(question, number)
        key, action = Key(assignment, name, answers[place].student), self.get_body_argument("action")
        take_over = action == "take-over" or bool(self.get_body_argument("take-over", ""))
        if busy := self.desk.grades.claim(key, self.grader.session, self.grader.name, take_over=take_over):
            self._show(question, answers, place, busy, mark=self._mark(), notice="busy")  # what was typed is kept
            return
        if action == "take-over":
            pass  # the page that is shown next belongs to this grader
        elif action == "clear":
            self.desk.grades.take_back(key)
        elif not self.desk.enter(question, key.student, self._mark(), self.get_body_argument("seen")):
            self._show(question, answers, place, "", mark=self._mark(), notice="changed")
            return
        if action == "next":
            chosen = following(self.desk.answers(question, self.grader.session), place)
            if chosen is None:
                self.redirect_to()
                return
            number = self.desk.number(question, chosen.student)
        self.redirect_to("grade", assignment, name, number)

    def _mark(self) -> Mark:
        """Read how the answer was graded from the form."""
        remark = self.get_body_argument("remark", "")
        if len(remark) > _LONGEST_TEXT:
            raise UnusableInput(f"A remark has at most {_LONGEST_TEXT:,} characters; shorten it.")
        adjustment = _points(self.get_body_argument("adjustment", ""))
        return Mark(tuple(self.get_body_arguments("item")), adjustment, remark.replace("\r\n", "\n"), self.grader.name)

    def _show(
        self,
        question: Question,
        answers: Sequence[HandGrade],
        place: int,
        busy: str,
        *,
        mark: Mark | None = None,
        notice: str = "",
    ) -> None:
        grade = answers[place]
        worth = self.desk.grades.answer(Key(question.assignment, question.name, grade.student))
        rubric = self.desk.rubric(question)
        numbers = [self.desk.number(question, each.student) for each in answers]
        self.show(
            "answer.html.j2",
            question=question,
            answers=answers,
            numbers=numbers,
            place=place,
            grade=worth,
            mark=mark or worth.mark or _as_mark(worth, rubric.start),
            rubric=rubric,
            busy=busy,
            notice=notice,
            answer=self.desk.answer(question, grade.student),
            codes=self.desk.own_code(question, grade.student),
            budget=PageBudget(),
        )


class RubricForm(DeskHandler):
    """Takes changes of a rubric."""

    def post(self, assignment: str, name: str, number: str) -> None:
        """Write the rubric; every answer that was graded by it follows."""
        question = self.desk.question(assignment, name)
        rows: Any = zip(
            self.get_body_arguments("name"),
            self.get_body_arguments("points"),
            self.get_body_arguments("text"),
            strict=True,
        )
        items = [Item(item, _points(worth), " ".join(text.split())) for item, worth, text in rows if text.strip()]
        if len(items) > _MOST_ITEMS or any(len(item.text) > 500 for item in items):
            raise UnusableInput(f"A rubric has at most {_MOST_ITEMS} items of at most 500 characters; shorten it.")
        start = "full" if self.get_body_argument("start") == "full" else "zero"
        changed = self.desk.write_rubric(question, items, start)
        notice = "The rubric is changed"
        notice += (
            f", and {changed} graded {'answer follows' if changed == 1 else 'answers follow'}." if changed else "."
        )
        self.redirect_to("grade", assignment, name, number, notice=notice)


class Claim(DeskHandler):
    """Keeps an answer for a grader who has it open."""

    def post(self, assignment: str, name: str, number: str) -> None:
        """Keep it for another ten minutes."""
        question = self.desk.question(assignment, name)
        answers, place = self.find(question, number)
        key = Key(assignment, name, answers[place].student)
        busy = self.desk.grades.claim(key, self.grader.session, self.grader.name)
        self.set_status(409 if busy else 204)


class LetGo(DeskHandler):
    """Lets go of an answer whose page is closed."""

    def post(self, assignment: str, name: str, number: str) -> None:
        """Let others grade it."""
        question = self.desk.question(assignment, name)
        answers, place = self.find(question, number)
        self.desk.grades.let_go(self.grader.session, Key(assignment, name, answers[place].student))
        self.set_status(204)


class Similar(DeskHandler):
    """The pairs of submissions that are oddly similar."""

    def prepare(self) -> None:
        """Refuse where names are not to be shown."""
        super().prepare()
        if self.desk.anonymous and not self._finished:
            raise HTTPError(403, "similar programs are shown with names; open the desk without --anonymous")

    def get(self, assignment: str) -> None:
        """List them."""
        self.show("similar.html.j2", assignment=self.desk.course[assignment], pairs=self.desk.similar(assignment))


class SideBySide(Similar):
    """Two similar programs, with the passages marked that they have in common."""

    def get(self, assignment: str, number: str = "") -> None:
        """Show them."""
        pairs = self.desk.similar(assignment)
        if not 1 <= int(number) <= len(pairs):
            raise HTTPError(404, "there is no such pair")
        # This page has its style in itself, because it is also one of the class's pages, which are single files.
        self.set_header("Content-Security-Policy", POLICY.replace("style-src 'self'", "style-src 'unsafe-inline'"))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self.desk.side_by_side(assignment, pairs[int(number) - 1]))


def _as_mark(grade: HandGrade, start: str) -> Mark:
    """Return a mark that gives the points and the comment which an answer got elsewhere."""
    if grade.points is None:
        return Mark()
    return Mark((), grade.points - (grade.max_points if start == "full" else 0.0), grade.comment)


def _points(text: str) -> float:
    """Read a number of points that a person has typed; nothing is 0."""
    try:
        number = float(text.strip().replace(",", ".").replace("−", "-") or 0)
    except ValueError:
        number = math.nan
    if not abs(number) <= MOST_POINTS:
        raise UnusableInput(f'"{text}" is no number of points; write one as 1.5 or -2.')
    return number


_ANSWER: Final = r"([\w-]+)/([\w.-]+)/([0-9a-f]{16})"
ROUTES: Final = (
    ("", Overview),
    (r"grade/([\w-]+)/([\w.-]+)", NextAnswer),
    (f"grade/{_ANSWER}", OneAnswer),
    (f"rubric/{_ANSWER}", RubricForm),
    (f"claim/{_ANSWER}", Claim),
    (f"let-go/{_ANSWER}", LetGo),
    (r"similar/([\w-]+)", Similar),
    (r"similar/([\w-]+)/([0-9]{1,6})", SideBySide),
)
