"""A grader beside another one: enters a class into a gradebook as soon as it is told to.

Usage: record_class.py COURSE URL AUTOGRADED STUDENT...
"""

import sys
from pathlib import Path

from small_course import answered, report

from grader import course as courses
from grader.gradebook import Gradebook

if __name__ == "__main__":
    root, url, autograded, *students = sys.argv[1:]
    course = courses.load(Path(root))
    print("ready", flush=True)
    sys.stdin.readline()
    with Gradebook(course, url, Path(autograded)) as book:
        for student in students:
            book.record(report(student, predict="fail"), answered(course, why=f"Because of {student}."))
