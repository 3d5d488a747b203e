"""The confinements that this machine has, as the fixture `confinement`."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from grader.sandbox import Confinement
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.inside.landlock import version
from grader.sandbox.landlock import Landlock


def _without_bubblewrap() -> str:
    """Why bubblewrap cannot be tried here; empty when it can."""
    program = shutil.which("bwrap")
    if program is None:
        return "the program bwrap is not installed"
    tried = subprocess.run([program, "--unshare-pid", "--ro-bind", "/", "/", "/bin/true"], capture_output=True)
    return "" if tried.returncode == 0 else f"bwrap may not be used here: {tried.stderr.decode().strip()}"


def _skipped(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(bool(reason), reason=reason)


needs_landlock = _skipped("" if version() else "this kernel has no Landlock")
needs_bubblewrap = _skipped(_without_bubblewrap())


@pytest.fixture(
    params=[
        pytest.param(Landlock, marks=needs_landlock, id="landlock"),
        pytest.param(Bubblewrap, marks=needs_bubblewrap, id="bubblewrap"),
    ]
)
def confinement(request: pytest.FixtureRequest) -> Confinement:
    """Each confinement in turn."""
    chosen: Confinement = request.param()
    return chosen


def processes_of(scratch: str) -> list[str]:
    """Processes whose environment names a worker's scratch folder, zombies aside."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if scratch.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Choose what the ordinary suite tries in one confinement alone; the others are marked as slow.

    Of a family of tests, the first, third, ... are tried in bubblewrap and the others in Landlock; what a worker may
    read, and PyTorch, in bubblewrap.
    """
    seen: Counter[tuple[str, bool]] = Counter()
    here = str(Path(__file__).parent)
    for item in items:
        if not isinstance(item, pytest.Function) or str(item.path.parent) != here:
            continue
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if "confinement" not in parameters:
            continue
        landlock = parameters["confinement"] is Landlock
        number = seen[item.originalname, landlock]
        seen[item.originalname, landlock] += 1
        alone = len(parameters) > 1 or item.path.name in ("test_readable.py", "test_torch_worker.py")
        if alone and (number % 2 == 0) == landlock:
            item.add_marker(pytest.mark.slow)
