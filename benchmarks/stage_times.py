"""Measure how long each stage of grading a class takes for one submission, for `benchmarks.cluster_simulation`.

    python -m benchmarks.stage_times --save benchmarks/stage_times.json

The submissions are those of `benchmarks.made_up_class.every_kind`. They go one after the other through the stages of
``grader grade``, each of which is timed by the clock, so measure on a quiet machine:

*grade* is what a grading process does: judge the submission in the sandbox. The first submission is graded twice and
counts once, because a process imports the reference and draws the hidden cases only once in its life.

All other stages are the parent's: *read* the submission and compute its digest, which is also what a result that was
kept is looked up by; *receive* the report and keep it; *enter* it, with others, into the gradebook and write the
annotated notebooks; *compare*, that is to compute the passages that similar programs are found by; write the student's
*page*.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import track
from threadpoolctl import threadpool_limits

from grader.classrun.cache import Cache
from grader.classrun.collect import collect, read_submission
from grader.classrun.grading import ready
from grader.classrun.keys import Keys
from grader.classrun.run import TOGETHER
from grader.course import Assignment, Course
from grader.feedback import student_page
from grader.gradebook import Entry, Gradebook
from grader.host.files import write_if_changed
from grader.judging import oracle
from grader.judging.secret import course_secret
from grader.report import Report
from grader.sandbox import Confinement
from grader.submission import NotASubmission, Submission
from grader.submission.similarity import submission_fingerprints

from .scale import make

STAGES = ("read", "receive", "enter", "compare", "page")
Times = dict[str, dict[str, list[float]]]


def measure(folder: Path, assignment: str, count: int) -> Times:
    """Make a class in a folder, and return the seconds of each stage: stage → kind of submission → seconds."""
    course, task = make(folder, assignment, count)
    confinement, secret = ready(course, task), course_secret(course.root)
    grade = partial(_grade, course, task, confinement, secret)
    times: Times = defaultdict(lambda: defaultdict(list))
    hand_ins = collect(course.root / "submitted", task)
    keys = Keys(course, task, confinement)
    waiting: list[tuple[str, Entry]] = []
    with Gradebook(course) as book, Cache(course) as cache, threadpool_limits(1):
        book.prepare(task.name)
        for number, hand_in in enumerate(track(hand_ins, "measuring", console=Console(stderr=True))):
            kind = hand_in.student.partition("-")[2]
            with _timed(times, "read", kind):
                submission = _read(course, task, hand_in.path)
                keys.of(hand_in.student, submission)
            if number == 0:
                grade(submission, hand_in.student)
            with _timed(times, "grade", kind):
                report = grade(submission, hand_in.student)
            with _timed(times, "receive", kind):
                report = pickle.loads(pickle.dumps(report))
                cache.put({hand_in.student: msgspec.json.encode(report)})
            waiting.append((kind, Entry(report, submission)))
            if len(waiting) == TOGETHER or number == len(hand_ins) - 1:
                _enter(book, waiting, times)
                waiting = []
            with _timed(times, "compare", kind):
                submission_fingerprints(submission.files)
            with _timed(times, "page", kind):
                _write_page(report, course)
    return times


def _enter(book: Gradebook, entries: list[tuple[str, Entry]], times: Times) -> None:
    """Enter submissions together, as a run over a class does, and note an equal share of the time for each."""
    start = time.perf_counter()
    book.record_all([entry for _, entry in entries])
    each = round((time.perf_counter() - start) / len(entries), 6)
    for kind, _ in entries:
        times["enter"][kind].append(each)


def _read(course: Course, assignment: Assignment, path: Path) -> Submission:
    try:
        return read_submission(course, assignment, path)
    except NotASubmission as error:
        return Submission({}, (str(error),))


def _grade(
    course: Course,
    assignment: Assignment,
    confinement: Confinement,
    secret: bytes,
    submission: Submission,
    student: str,
) -> Report:
    return oracle.grade(submission, course, assignment, student, confinement=confinement, secret=secret)


def _write_page(report: Report, course: Course) -> None:
    write_if_changed(course.root / "build" / f"{report.student}.html", student_page(report, course).encode())


@contextmanager
def _timed(times: Times, stage: str, kind: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    times[stage][kind].append(round(time.perf_counter() - start, 6))


def main() -> None:
    """Run what the arguments ask for, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stage_times", description=__doc__.splitlines()[0])
    parser.add_argument("--assignment", default="hw4", help="its name in course.toml (default: hw4)")
    parser.add_argument("--submissions", type=int, default=60, help="how many (default: 60)")
    parser.add_argument("--save", type=Path, help="where to write the times, as JSON")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stages-") as temporary:
        Path(temporary).chmod(0o755)  # submissions run as another user, who has to be able to pass through
        times = measure(Path(temporary, "course"), asked.assignment, asked.submissions)
    print("| stage | mean, ms | longest, ms |\n|---|---:|---:|")
    for stage in ("grade", *STAGES):
        seconds = [each for of_kind in times[stage].values() for each in of_kind]
        print(f"| {stage} | {1000 * sum(seconds) / len(seconds):.1f} | {1000 * max(seconds):.1f} |")
    if asked.save:
        found = {"assignment": asked.assignment, "cores": os.cpu_count(), "seconds": times}
        asked.save.write_text(json.dumps(found, separators=(",", ":")).replace("},", "},\n") + "\n", "utf-8")


if __name__ == "__main__":
    main()
