"""Grade one submission in a container of Gradescope's: ``python -m grader.exchange.autograder_run``.

The script ``run_autograder`` of the bundle runs this as root. Nothing is written where nothing can be graded, such as
without a sandbox: Gradescope then says that the autograder has failed, and gives no score.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from .. import course
from ..classrun import record
from ..classrun.cache import Cache
from ..classrun.collect import HandIn
from ..classrun.grading import grade_one
from ..course import Assignment, Course
from ..errors import CourseError, GraderError
from ..host.files import write_if_changed
from ..host.temporary_folders import temporary_folder
from ..sandbox import SandboxUnavailable, choose_confinement
from ..sandbox.other_user import OtherUser
from ..submission.folder import Folder
from ..submission.submission import SYSTEM_FILES
from ..submission.tree import Unreadable
from ..wording import visible
from .autograder_results import results_json
from .packing import pack

ROOT: Final = Path("/autograder")
SETTINGS: Final = "autograder.json"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the bundle was made with.

    Attributes
    ----------
    assignment : str
        The name of the assignment.
    visibility : str
        When students see the tests.
    sandbox : tuple of str
        Names of confinements, of which the first that works is used; see `grader.sandbox.choose_confinement`.
    """

    assignment: str
    visibility: str = "visible"
    sandbox: tuple[str, ...] = ("auto",)


def grade(root: Path = ROOT) -> None:
    """Grade the submission in ``<root>/submission``, and write ``<root>/results/results.json``.

    Parameters
    ----------
    root : Path, default /autograder
        The folder in which Gradescope has put everything.

    Raises
    ------
    GraderError
        When nothing can be graded here; its message says why.
    """
    settings = _settings(root / "source" / SETTINGS)
    loaded = course.load(root / "source" / "course")
    assignment = loaded[settings.assignment]
    student = _student(root / "submission_metadata.json")
    with temporary_folder() as folder:
        path = Path(folder, f"{assignment.name}.zip")
        path.write_bytes(_packed(root / "submission", assignment))
        graded = grade_one(
            loaded, assignment, HandIn(student, path), sandbox=_sandbox(settings), purpose=record.FOR_CHECK
        )
    accuracies = _accuracies(loaded, assignment, student)
    data = results_json(graded.report, assignment, visibility=settings.visibility, accuracies=accuracies)
    write_if_changed(root / "results" / "results.json", data)


def main() -> None:
    """Grade; print the sentence of an error of the grader's, for the instructor, and exit with its code."""
    try:
        grade()
    except GraderError as error:
        print(f"grader: {visible(str(error))}")
        sys.exit(error.exit_code)


def _settings(path: Path) -> Settings:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings)
    except (OSError, msgspec.DecodeError) as error:
        raise CourseError(f"{path} cannot be read ({error}); export the autograder again.") from None


def _sandbox(settings: Settings) -> str:
    """Return the first confinement that works here; raise SandboxUnavailable if none does."""
    reasons = []
    for name in settings.sandbox:
        try:
            return choose_confinement(name).name
        except SandboxUnavailable as error:
            reasons.append(str(error))
    way_out = (
        "export the autograder with --other-user" if OtherUser.name not in settings.sandbox else "use another image"
    )
    raise SandboxUnavailable(f"{' '.join(reasons)} In Gradescope: {way_out}.")


def _student(metadata: Path) -> str:
    """Name the student whose hidden cases are drawn: by the addresses of all who have handed in together."""
    try:
        users: Any = msgspec.json.decode(metadata.read_bytes())["users"]
        names = sorted(str(user.get("email") or user.get("id")) for user in users)
    except (OSError, msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return "somebody"
    return "+".join(names) or "somebody"


def _packed(submission: Path, assignment: Assignment) -> bytes:
    """Return what was handed in as one archive, with single files where they belong."""
    tree = Folder(str(submission), skipped=SYSTEM_FILES)
    try:
        files = {entry.name: entry.name for entry in tree.entries if entry.kind == "file"}
        while True:
            try:
                return pack(tree, files, assignment.files).data
            except Unreadable:
                if not files:
                    raise CourseError(f"{submission} cannot be read.") from None
                files = {name: entry for name, entry in files.items() if name in assignment.files}
    finally:
        tree.close()


def _accuracies(loaded: Course, assignment: Assignment, student: str) -> Mapping[str, float]:
    """Return the accuracies of trained nets, as the record of the submission has them."""
    with Cache(loaded) as cache:
        outcomes = record.read(cache, assignment.name, student, record.FOR_CHECK).outcomes
    return {name: outcome.accuracy.share for name, outcome in outcomes.items() if outcome.accuracy}


if __name__ == "__main__":
    main()
