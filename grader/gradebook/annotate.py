"""Write findings and points into the cells of a notebook, where nbgrader and people read them."""

from __future__ import annotations

import html
import math
import re
from typing import Any, Final

import nbformat
from nbgrader.utils import is_grade, is_solution

from ..course import Exercise, Notebook
from ..errors import CourseError
from ..report import Report, Verdict
from ..wording import WORDING, one_line, points

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$&@:])")


def annotate(nb: Any, report: Report, notebook: Notebook) -> Any:
    """Write findings and points into the grade cells.

    nbgrader gives full marks to a grade cell whose output holds no number. So every grade cell gets a number here; it
    is 0 where the report has no verdict on the exercise.

    Parameters
    ----------
    nb : NotebookNode
        A notebook from `restore.restore`. Changed in place.
    report : Report
        The report on the submission.
    notebook : Notebook
        The notebook's entry in course.toml.

    Returns
    -------
    NotebookNode
        `nb`. Each grade cell has two outputs: the findings (``display_data``) and the points (``execute_result``).
        Remarks on the submission as a whole stand in a new first cell.

    Raises
    ------
    CourseError
        When the notebook and course.toml disagree, or the report's points are not a number in range.
    """
    verdicts = {verdict.name: verdict for verdict in report.exercises}
    exercises = {exercise.grade_id: exercise for exercise in notebook.exercises}
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in nb.cells if _counts_by_number(cell)}
    for grade_id in exercises.keys() - cells.keys():
        raise _stale(notebook, exercises[grade_id].name, "has no cell in it")
    for grade_id, cell in cells.items():
        if grade_id not in exercises:
            raise _stale(notebook, grade_id, "has a cell in it but no points in course.toml")
        exercise, worth = exercises[grade_id], float(cell.metadata.nbgrader.points)
        if exercise.points != worth:
            raise _stale(notebook, exercise.name, f"is worth {points(worth)} points in it")
        cell.outputs = _outputs(verdicts.get(exercise.name), exercise, report.sandbox)
        cell.execution_count = None
    remarks = [f"- {plain_markdown(remark)}" for remark in report.remarks]
    if report.sandbox == "none":
        remarks.insert(0, "- **Graded without a sandbox.** The code ran unconfined.")
    if remarks:
        text = "\n".join(["**About this submission**", "", *remarks])
        # Not by nbformat's own function, which compares each cell with a schema and takes longer than all the rest.
        first = {"cell_type": "markdown", "id": "about-this-submission", "metadata": {}, "source": text}
        nb.cells.insert(0, nbformat.from_dict(first))
    return nb


def plain_markdown(text: str) -> str:
    """Escape untrusted text for Markdown, so that it is shown as it is; it is cut to one line of 400 characters."""
    return _MARKDOWN.sub(r"\\\1", one_line(text, 400))


def _counts_by_number(cell: Any) -> bool:
    """Whether nbgrader reads this cell's points from a number in its output."""
    marked = "nbgrader" in cell["metadata"]  # most cells are not, so look at that first
    return bool(marked and cell.cell_type == "code" and is_grade(cell) and not is_solution(cell))


def _stale(notebook: Notebook, exercise: str, fact: str) -> CourseError:
    return CourseError(
        f"{notebook.name}.ipynb does not fit course.toml: {exercise} {fact}; release the assignment again."
    )


def _outputs(verdict: Verdict | None, exercise: Exercise, sandbox: str) -> list[Any]:
    """Make a grade cell's two outputs: the findings, then the number of points."""
    if verdict is None:
        text = f"There is no verdict on {exercise.name}; it counts as 0."
        return _pair(text, f"<div>{html.escape(text)}</div>", 0.0)
    if not (math.isfinite(verdict.score) and 0 <= verdict.score <= exercise.points):
        raise CourseError(
            f"The report gives {verdict.score} of {points(exercise.points)} points for {exercise.name}; "
            "grade the submission again with this course.toml."
        )
    symbol, words = WORDING[verdict.verdict]
    title = f"{words}, {points(verdict.score)} of {points(exercise.points)} points"
    if sandbox == "none":
        title += " (graded without a sandbox)"
    lines, items = [f"{symbol} {exercise.name}: {title}"], []
    for finding in verdict.findings:
        if finding.hint:
            place = ", ".join(one_line(part) for part in (finding.aspect, finding.case) if part)
            hint = f"{place}: {one_line(finding.hint)}" if place else one_line(finding.hint)
            lines.append(f"- {hint}")
            items.append(f"<li>{html.escape(hint)}</li>")
    if verdict.lost:
        lines.append(f"- {verdict.loss_in_words}")
        items.append(f"<li>{html.escape(verdict.loss_in_words)}</li>")
    page = f"<div>{symbol} <code>{html.escape(exercise.name)}</code>: <strong>{title}</strong></div>"
    return _pair("\n".join(lines), page + (f"<ul>{''.join(items)}</ul>" if items else ""), verdict.score)


def _pair(text: str, page: str, score: float) -> list[Any]:
    findings = {"text/plain": text, "text/html": page}
    number = {"text/plain": repr(float(score))}
    # Not by nbformat's own function, which compares each output with a schema and takes longer than all the rest.
    outputs = [
        {"output_type": "display_data", "data": findings, "metadata": {}},
        {"output_type": "execute_result", "data": number, "metadata": {}, "execution_count": None},
    ]
    return [nbformat.from_dict(output) for output in outputs]
