"""How many submissions a minute are found unchanged, when a class that was graded is graded again.

    python -m benchmarks.regrading                       hw4, a class of 1,000, three rounds
    python -m benchmarks.regrading --submissions 100     a quick look
    python -m benchmarks.regrading --write               also put the table into docs/scale.md

The class is made up, and so are its outcomes: the first run, which is not timed, runs no student's code, but enters
each submission into a gradebook and writes the pages. The second one, which is not timed either, reads everything once
more, because files count as settled only some seconds after they were written. The runs after it ask the file system
whether a submission or a notebook has changed, look up all outcomes and receipts, and compare the gradebook and the
pages. The time before the first result is told apart: in it the gradebook is read, and the course's files are, once,
however large the class is.

Processor time is that of this process, which does all of the work; the clock tells more only on a quiet machine.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

from grader import course as courses
from grader.classrun.collect import collect
from grader.classrun.grading import Graded
from grader.classrun.run import run
from grader.classrun.task import Result, Task
from grader.course import Assignment, Course
from grader.gradebook import Gradebook
from grader.judging.outcome import Outcome
from grader.submission.file_states import SETTLED
from utils.checks.case import Finding

from .made_up_class import made_up, write
from .sections import put

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("course.toml", "solutions", "assignments", "nndl", "goldens")
HINT = "The mean is taken over all entries; it should be taken over the examples. " * 2
WRONG = Outcome(0.25, (Finding("dx", "fail", HINT, "mean-of-all", "training, x of shape (4, 3)", ("core",), HINT),))


def outcomes(course: Course, tasks: Iterable[Task]) -> Generator[tuple[Task, Result], None, None]:
    """A runner that makes outcomes up: right ones for the submissions that are called so, and wrong ones."""
    for task in tasks:
        found = Outcome(1.0) if "right" in task.student else WRONG
        yield task, dict.fromkeys(task.exercises, found)


def course_in(folder: Path, assignment: str, submissions: int) -> Course:
    """Copy the course, with a class that hands in its notebooks, too."""
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    course = courses.load(folder)
    notebooks = {path.name: path.read_bytes() for path in (folder / "assignments" / assignment).glob("*.ipynb")}
    for name, files in made_up(course, course[assignment], submissions):
        write(folder / "submitted" / name / assignment, {**files, **notebooks})
        (folder / "submitted" / name / f"{assignment}.timestamp.txt").write_text("2027-01-10 12:00:00 UTC\n")
    return course


class Timed:
    """One run over the class, in seconds by the clock and of the processor.

    Attributes
    ----------
    start, results, end : (float, float)
        Until the first result, from there to the last one, and from there to the end.
    """

    def __init__(self, course: Course, assignment: Assignment) -> None:
        self.unchanged = 0
        hand_ins = collect(course.root / "submitted", assignment)
        with Gradebook(course) as book:
            self._times = [self._now()]
            pages = course.root / "feedback"
            run(course, assignment, hand_ins, book, pages, runner=outcomes, progress=self._progress)
            self._times.append(self._now())
        first, last = self._times[1], self._times[-2]
        self.start, self.results = self._between(self._times[0], first), self._between(first, last)
        self.end = self._between(last, self._times[-1])

    def _progress(self, graded: Graded, trouble: str) -> None:
        self.unchanged += graded.kept
        self._times.append(self._now())

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    @staticmethod
    def _between(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
        return other[0] - one[0], other[1] - one[1]


def table(assignment: str, submissions: int, runs: Sequence[Timed]) -> str:
    """Write the best of some runs as Markdown."""
    lines = [
        f"{assignment}, {submissions:,} submissions, the best of {len(runs)} runs over them.",
        "",
        "| | seconds by the clock | of the processor |",
        "|---|---:|---:|",
    ]
    for name in ("start", "results", "end"):
        clock, processor = (min(getattr(one, name)[kind] for one in runs) for kind in (0, 1))
        lines.append(f"| {name} | {clock:.2f} | {processor:.2f} |")
    after = [min(one.results[kind] + one.end[kind] for one in runs) for kind in (0, 1)]
    rates = " | ".join(f"{60 * submissions / seconds:,.0f}" for seconds in after)
    return "\n".join([*lines, f"| submissions a minute, without the start | {rates} |"])


def main() -> None:
    """Run what the arguments ask for, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regrading", description=__doc__.splitlines()[0])
    parser.add_argument("--assignment", default="hw4", help="its name in course.toml (default: hw4)")
    parser.add_argument("--submissions", type=int, default=1000, help="of the made-up class (default: 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="how many (default: 3)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/scale.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = course_in(Path(folder), asked.assignment, asked.submissions)
        assignment = course[asked.assignment]
        for _ in range(2):
            Timed(course, assignment)
            time.sleep(SETTLED)
        runs = [Timed(course, assignment) for _ in range(asked.rounds)]
    if any(one.unchanged != asked.submissions for one in runs):
        raise SystemExit("benchmarks.regrading: a submission was judged again, so the times would mean nothing.")
    found = table(asked.assignment, asked.submissions, runs)
    print(found)
    if asked.write:
        put(ROOT / "docs" / "scale.md", "unchanged", found)


if __name__ == "__main__":
    main()
