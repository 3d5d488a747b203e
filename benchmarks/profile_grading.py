"""What a submission's time goes into while it is graded, beside the part that no grader can do without.

    python -m benchmarks.profile_grading                       hw4, 20 submissions of each kind
    python -m benchmarks.profile_grading --submissions 3       a quick look
    python -m benchmarks.profile_grading --write               also put the table into docs/scale.md

The submissions are those of `benchmarks.grading`: untouched stubs, right ones, and wrong ones with one to eight known
mistakes. They are graded one after the other in this process, which stays on one processor together with the sandbox,
so that what the clock shows is the processor time of both. Before that each is graded once, because what the reference
and known mistakes answer to a case is computed only once for a whole class.

*The student's code* is the processor time of the sandboxed processes after their start: the student's functions, in all
hidden cases and wherever they run again for a hint, with reading inputs and writing outputs. *Processes* are the start
and the end of these, one for each file with an exercise. Both together are the floor.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from grader import course as courses
from grader.classrun.collect import collect, read_submission
from grader.classrun.grading import ready
from grader.classrun.workers import begin
from grader.course import Assignment, Course
from grader.host.bounded_process import cpu_seconds
from grader.judging import oracle, submitted_module
from grader.judging.answers import Answers
from grader.judging.secret import course_secret
from grader.sandbox import Worker

from .made_up_class import KINDS, made_up, write
from .sections import put

ROOT = Path(__file__).resolve().parent.parent
OWN, PROCESSES, MESSAGES = "the student's code", "processes", "messages to it and back"
ANSWERING, EXPLAINING, REST = "its questions to the reference", "comparing and explaining", "everything else"
PARTS = (OWN, PROCESSES, MESSAGES, ANSWERING, EXPLAINING, REST)


class Stopwatch:
    """Adds up the seconds of nested parts, each without those inside of it.

    Attributes
    ----------
    seconds : dict of str to float
        By part.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(PARTS, 0.0)
        self._inside = [0.0]

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time what happens meanwhile."""
        start = time.perf_counter()
        self._inside.append(0.0)
        try:
            yield
        finally:
            took = time.perf_counter() - start
            self.seconds[name] += took - self._inside.pop()
            self._inside[-1] += took

    def timed(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Return a function that does the same and is timed."""

        @wraps(function)
        def timed(*args: Any, **named: Any) -> Any:
            with self.part(name):
                return function(*args, **named)

        return timed


def profile(course: Course, assignment: Assignment, count: int) -> dict[str, dict[str, float]]:
    """Return the seconds of each part for one submission, by its kind."""
    confinement, secret = ready(course, assignment), course_secret(course.root)
    found: dict[str, dict[str, float]] = {}
    begin()  # as a grading process does
    with tempfile.TemporaryDirectory() as folder, _on_one_processor():
        for name, files in made_up(course, assignment, count * len(KINDS)):
            write(Path(folder) / name / assignment.name, files)
        submissions = [
            (one.student, read_submission(course, assignment, one.path)) for one in collect(Path(folder), assignment)
        ]

        def grade(student: str, submission: Any) -> None:
            oracle.grade(submission, course, assignment, student, confinement=confinement, secret=secret)

        for student, submission in track(submissions, "grading once", console=Console(stderr=True)):
            grade(student, submission)
        for kind in KINDS:
            those = [one for one in submissions if one[0].endswith(kind)]
            watch = Stopwatch()
            with _watched(watch):
                for one in track(those, f"grading {kind}", console=Console(stderr=True)):
                    with watch.part(REST):
                        grade(*one)
            watch.seconds[MESSAGES] -= watch.seconds[OWN]  # while messages are waited for, the student's code runs
            found[kind] = {part: seconds / len(those) for part, seconds in watch.seconds.items()}
    return found


@contextmanager
def _on_one_processor() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _watched(watch: Stopwatch) -> Iterator[None]:
    """Time the methods that the parts consist of."""
    places: tuple[tuple[Any, str, str], ...] = (
        (Worker, "__init__", PROCESSES),
        (Worker, "_end", PROCESSES),
        (Worker, "_send", MESSAGES),
        (Worker, "_answer", MESSAGES),
        (Answers, "ask", ANSWERING),
        (submitted_module, "judge", EXPLAINING),
    )
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    for owner, name, part in places:
        setattr(owner, name, watch.timed(getattr(owner, name), part))
    begin, end = Worker.__init__, Worker.close
    started: dict[int, float] = {}

    def begun(worker: Worker, *args: Any, **named: Any) -> None:
        begin(worker, *args, **named)
        started[id(worker)] = cpu_seconds(worker._process.pid or 0)

    def closed(worker: Worker) -> None:
        if id(worker) in started and not worker._closed:
            watch.seconds[OWN] += max(0.0, cpu_seconds(worker._process.pid or 0) - started.pop(id(worker)))
        end(worker)

    kept.append((Worker, "close", end))
    for name, method in (("__init__", begun), ("close", closed)):
        setattr(Worker, name, method)
    try:
        yield
    finally:
        for owner, name, method in kept:
            setattr(owner, name, method)


def table(found: dict[str, dict[str, float]]) -> str:
    """Return a table in milliseconds."""
    lines = [f"| ms, a submission | {' | '.join(found)} |", "|---|" + "---:|" * len(found)]
    lines += [f"| {part} | {' | '.join(f'{1e3 * each[part]:.0f}' for each in found.values())} |" for part in PARTS]
    lines.append(f"| **all** | {' | '.join(f'{1e3 * sum(each.values()):.0f}' for each in found.values())} |")
    shares = ((each[OWN] + each[PROCESSES]) / sum(each.values()) for each in found.values())
    lines.append(f"| the floor's share | {' | '.join(f'{100 * share:.0f} %' for share in shares)} |")
    return "\n".join(lines)


def main() -> None:
    """Run what the arguments ask for, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile_grading", description=__doc__.splitlines()[0])
    parser.add_argument("--assignment", default="hw4", help="its name in course.toml (default: hw4)")
    parser.add_argument("--submissions", type=int, default=20, help="of each kind (default: 20)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/scale.md")
    asked = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    course = courses.load(ROOT)
    found = profile(course, course[asked.assignment], asked.submissions)
    said = f"{asked.assignment}, {asked.submissions} submissions of each kind.\n\n{table(found)}"
    print(said)
    if asked.write:
        put(ROOT / "docs" / "scale.md", "profile", said)


if __name__ == "__main__":
    main()
