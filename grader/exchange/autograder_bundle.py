"""Write the zip that Gradescope builds an autograder of: the course, the grader, and scripts that start it there.

The zip holds the reference of one assignment, because the grader compares with it, so it belongs nowhere else. Other
assignments, the sources of notebooks with their model answers, and the course's own secret are not in it: the hidden
cases are drawn from another secret, which is derived from the course's.

In the container, only the process that runs as root reads these files. A submission runs confined, as another user; see
docs/exchange.md for what that promises where.
"""

from __future__ import annotations

import hmac
import io
import shutil
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

import utils

from ..authoring import copy_course
from ..course import Assignment, Course
from ..errors import UnusableInput
from ..host.files import write_if_changed
from ..host.temporary_folders import temporary_folder
from ..judging.secret import FILE, course_secret
from ..sandbox.allowed import ALWAYS, WORKER
from ..sandbox.other_user import OtherUser
from .autograder_results import VISIBILITY
from .autograder_run import SETTINGS, Settings

_SCRIPTS: Final = Path(__file__).with_name("autograder")
_ENGINE: Final = (Path(__file__).parents[1], Path(utils.__file__).parent)
_LITTER: Final = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", ".ipynb_checkpoints")
_NEEDED: Final = (*ALWAYS, *WORKER, "diskcache", "packaging", "rich", "safetensors", "threadpoolctl", "typer")
_SAME_DATE: Final = (1980, 1, 1, 0, 0, 0)


def write_bundle(
    course: Course,
    assignment: Assignment,
    path: Path,
    *,
    visibility: str = "visible",
    other_user: bool = False,
    setup: Path | None = None,
) -> None:
    """Write the autograder of an assignment.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    path : Path
        The zip to write.
    visibility : str, default "visible"
        When students see the tests; see `autograder_results.VISIBILITY`.
    other_user : bool, default False
        Whether to run submissions as another user where neither of the two sandboxes works there; see
        `grader.sandbox.other_user`.
    setup : Path, optional
        A script that is run at the end of the setup, such as one that fetches data; its Python is the autograder's.

    Raises
    ------
    UnusableInput
        When the visibility is none of Gradescope's, or the script cannot be read.
    """
    if visibility not in VISIBILITY:
        raise UnusableInput(f'There is no visibility "{visibility}"; there are {", ".join(VISIBILITY)}.')
    with temporary_folder() as folder:
        top = Path(folder, "bundle")
        _write_course(course, assignment, top / "course")
        for package in _ENGINE:
            shutil.copytree(package, top / "engine" / package.name, ignore=_LITTER)
        for script in ("setup.sh", "run_autograder"):
            shutil.copy(_SCRIPTS / script, top)
        (top / "requirements.txt").write_text("".join(f"{line}\n" for line in _requirements(course, assignment)))
        (top / "python-version").write_text(f"{sys.version_info.major}.{sys.version_info.minor}\n")
        settings = Settings(assignment.name, visibility, ("auto", OtherUser.name) if other_user else ("auto",))
        (top / "sandboxes").write_text("".join(f"{name}\n" for name in settings.sandbox))
        (top / SETTINGS).write_bytes(msgspec.json.encode(settings))
        if setup is not None:
            try:
                shutil.copy(setup, top / "course-setup.sh")
            except OSError as error:
                raise UnusableInput(f"{setup} cannot be read ({error.strerror}); name a shell script.") from None
        write_if_changed(path, _zipped(top))


def _write_course(course: Course, assignment: Assignment, folder: Path) -> None:
    """Copy the course with this assignment alone, without what grading its programs does not need."""
    made, _ = copy_course(course, folder, [assignment.name])
    keep = {"course.toml", made.secret.name}
    for path in folder.iterdir():
        if path.name not in keep:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in (made.sources(made[assignment.name]), made.secret / "student_answers"):
        shutil.rmtree(path, ignore_errors=True)
    given = course.root / course.package
    if given.is_dir():
        shutil.copytree(given, folder / given.name, ignore=_LITTER)
    own = hmac.digest(course_secret(course.root), f"gradescope autograder\0{assignment.name}".encode(), "sha256")
    (folder / FILE).write_text(own.hex())


def _requirements(course: Course, assignment: Assignment) -> Iterator[str]:
    """Yield the packages that grading needs, in the versions that are installed here, so that it judges as it does."""
    modules = {module for exercise in assignment.exercises for module in (exercise.module, exercise.written_in[0])}
    for name in dict.fromkeys((*_NEEDED, *(course.packages[m] for m in sorted(modules) if m in course.packages))):
        try:
            yield f"{name}=={version(name).partition('+')[0]}"
        except PackageNotFoundError:
            yield name


def _zipped(top: Path) -> bytes:
    """Return a folder as a zip that is the same for the same files; scripts can be run.

    Bytecode, which Python writes beside the modules of a copied course, is left out: it has times in it.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(top.rglob("*")):
            if path.is_file() and path.parent.name != "__pycache__":
                info = zipfile.ZipInfo(str(path.relative_to(top)), _SAME_DATE)
                mode = 0o755 if path.parent == top and path.name in ("setup.sh", "run_autograder") else 0o600
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, (0o100000 | mode) << 16
                archive.writestr(info, path.read_bytes())
    return packed.getvalue()
