"""The desk for grading by hand: a web page on this machine that shows one question at a time over all students.

`rubric` reads and writes the rubrics in the course folder, `questions` and `answers` collect what a page shows,
`markdown` and `own_code` make a student's text and code harmless, and `pages` and `server` are the web pages. Points
and comments are entered by `grader.gradebook.by_hand`, where formgrader finds them.
"""

from .server import serve

__all__ = ["serve"]
