"""Graders beside each other: each is a process that enters a class into the same gradebook; all begin at the same time.

Usage: two_graders.py COURSE URL CLASS... with a class written as student,student,…
"""

import multiprocessing
import sys
from pathlib import Path

from small_course import answered, report

from grader import course as courses
from grader.gradebook import Gradebook


def enter(course, url, autograded, students, together):
    together.wait()
    with Gradebook(course, url, autograded) as book:
        for student in students:
            book.record(report(student, predict="fail"), answered(course, why=f"Because of {student}."))


if __name__ == "__main__":
    root, url, *classes = sys.argv[1:]
    course, fork = courses.load(Path(root)), multiprocessing.get_context("fork")  # what takes long is imported once
    together = fork.Barrier(len(classes))
    graders = [
        fork.Process(target=enter, args=(course, url, course.root / f"autograded{k}", students.split(","), together))
        for k, students in enumerate(classes)
    ]
    for grader in graders:
        grader.start()
    for grader in graders:
        grader.join()
    sys.exit(any(grader.exitcode for grader in graders))
