"""``lab`` opens JupyterLab in the course folder, with the notebook that is next."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from student_commands.student_folder import first_notebook, solve
from typer.testing import Result

from utils.checks.course import Course


def test_it_opens_what_is_next(
    folder: Path, course: Course, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    def start(command: list[str], place: Path) -> int:
        started.append([*command, str(place)])
        return 0

    module = sys.modules["utils.cli.lab"]
    monkeypatch.setattr(module, "_run", start)
    monkeypatch.chdir(folder / "assignments/a2")
    assert run("lab", "--no-browser").exit_code == 0
    assert started[-1][-2:] == ["assignments/a1/first.ipynb", str(folder)]
    assert "--no-browser" in started[-1]
    solve(folder)
    first_notebook(folder / "assignments/a1/first.ipynb", "Because.")
    run("check", "a1")
    run("lab")
    assert started[-1][-2] == "assignments/a2/second.ipynb"
    run("lab", "a1")
    assert started[-1][-2] == "assignments/a1/first.ipynb"
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    refused = run("lab")
    assert (refused.exit_code, "JupyterLab is not installed" in refused.output) == (2, True)


@pytest.fixture
def pythons_own_ctrl_c() -> Iterator[None]:
    """As where the command is started; a library of another test may have set a handler in this process."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("pythons_own_ctrl_c")
def test_ctrl_c_leaves_the_end_to_jupyterlab(tmp_path: Path) -> None:
    """JupyterLab asks whether to end; who is asked must not find it killed."""
    program = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "time.sleep(0.5)\n"
        "os.kill(os.getppid(), signal.SIGINT)\n"
        "time.sleep(0.5)\n"
        "raise SystemExit(7)\n"
    )
    assert sys.modules["utils.cli.lab"]._run([sys.executable, "-c", program], tmp_path) == 7
