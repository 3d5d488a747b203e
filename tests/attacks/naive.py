"""A grader that is naive on purpose: the attacks prove on it that they bite. It does what stock graders do.

It unpacks what it gets, follows links, runs the code with the tests beside it and the answers within reach, believes the
last line of the output, and puts everything on a page. The tests put a limit around it, so that the machine survives.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
LIMITS = "ulimit -v 4194304; ulimit -t 20; ulimit -f 400000"  # the machine survives what floods it
SHOW_LIMITS = "echo LIMITS; cat /proc/$$/limits /proc/$$/status /proc/$$/stat"  # of the process that watches the tests
# Before Python 3.11.4 that was the only way to unpack a tar.
TRUSTING: dict[str, Any] = {"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}
LARGE = 40 << 20  # bytes that no submission of ours has


@dataclass
class Outcome:
    """What became of one submission, and of the machine."""

    points: float = 0.0
    stopped: str = ""
    host: list[str] = field(default_factory=list)
    page: str = ""


def grade(submitted: Path, student: str, seconds: float) -> Outcome:
    """Grade ``submitted/<student>/a1``, folder or archive, in a course folder that holds all.

    It has no clock: after so many `seconds` the tests say that it hangs.
    """
    outcome = Outcome()
    root = submitted.parent
    (root / "gradebook.json").touch()
    before = _state(submitted, student)
    try:
        folder = _unpack(submitted / student)
        _grade(folder, root, outcome, seconds)
    except Exception as error:  # a class run that ends here never meets the next student
        outcome.stopped = f"{type(error).__name__}: {error}"
    outcome.host += _changes(before, submitted, student)
    return outcome


def _unpack(folder: Path) -> Path:
    for archive in folder.glob("a1.*"):
        if archive.suffix == ".zip":
            with zipfile.ZipFile(archive) as packed:
                for member in packed.infolist():
                    path = Path(os.path.join(folder / "a1", member.filename))
                    path.parent.mkdir(parents=True, exist_ok=True)
                    data = packed.read(member)
                    if len(data) != member.file_size:
                        raise ValueError("a member of another size")
                    path.write_bytes(data)
        else:
            with tarfile.open(archive) as packed:
                packed.extractall(folder / "a1", **TRUSTING)
    return folder / "a1"


def _grade(folder: Path, root: Path, outcome: Outcome, seconds: float) -> None:
    said = _run("naive_checks.py", folder, root, outcome, seconds)
    if (folder / "layers.ipynb").exists() and not outcome.stopped:
        said += _run("naive_notebook.py", folder, root, outcome, seconds)
        notebook = json.loads((folder / "layers.ipynb").read_text())
        for cell in notebook["cells"]:
            outcome.page += str(cell["source"]) + str(cell.get("outputs", ""))
        for link, target in re.findall(r"\[([^\]]*)\]\(([^)]*\))\)", outcome.page):
            outcome.page += f'<a href="{target}">{link}</a>'
    outcome.page += said + "".join(str(path.relative_to(folder)) for path in folder.rglob("*"))
    if len(outcome.page) > 20 << 20:
        outcome.host.append("a page that no browser opens")


def _run(script: str, folder: Path, root: Path, outcome: Outcome, seconds: float) -> str:
    answers = root / "answers.npz"
    expected = np.maximum(0, np.random.default_rng(0).normal(size=(4, 3)))
    np.savez(answers, expected=expected)
    with open(answers, "rb") as inherited:
        process = subprocess.Popen(
            ["sh", "-c", f"{LIMITS}; {sys.executable} -B {HERE / script} {folder} {root}; echo EXIT $?; {SHOW_LIMITS}"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "ANSWER_FILE": str(answers), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[inherited.fileno()],
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(json.dumps({"expected": expected.tolist()}).encode() + b"\n", seconds)
        except subprocess.TimeoutExpired as error:
            outcome.stopped = "it hangs"
            said = error.output or b""
        finally:
            alive = _alive(folder)
            if len(alive) > 20 or (alive and not outcome.stopped):
                outcome.host.append(f"{len(alive)} processes stay")
            if any(_peak(number) > 700 << 10 for number in alive):
                outcome.host.append("a gigabyte of memory is taken")
            _end(folder)
            process.communicate()
    if len(said) > LARGE:
        outcome.host.append("a flood of output")
    text, _, limits = said.decode(errors="replace").rpartition("LIMITS\n")
    if not outcome.stopped and _own_limits(limits) != _own_limits(_unlimited()):
        outcome.host.append("the limits of the grading process have changed")
    if any(int(peak) > 700 << 10 for peak in re.findall(r"^PEAK (\d+)", text, re.MULTILINE)):
        outcome.host.append("a gigabyte of memory was taken")
    ended = re.search(r"EXIT (\d+)", text)
    if not outcome.stopped and (ended is None or ended.group(1) not in ("0", "1")):
        outcome.stopped = f"the tests crashed: {text[-200:]}"
    scores = re.findall(r"^SCORE (\S+)", text, re.MULTILINE)
    if scores:
        outcome.points = max(outcome.points, float(scores[-1]))
    elif ended is not None and ended.group(1) == "0":
        outcome.points = 1.0  # the exit status says that all tests passed
    elif not outcome.stopped:
        outcome.stopped = f"no score: {text[-200:]}"
    return text


@cache
def _unlimited() -> str:
    """What the process that watches the tests shows of its limits when nobody changes them."""
    return subprocess.run(["sh", "-c", f"{LIMITS}; {SHOW_LIMITS}"], capture_output=True, text=True, check=True).stdout


def _own_limits(shown: str) -> list[str]:
    """Limits, processors, priority and way of scheduling, of what `SHOW_LIMITS` prints."""
    kept = [line for line in shown.splitlines() if line.startswith(("Max ", "Cpus_allowed:"))]
    fields = shown.rpartition(")")[2].split()
    return [*kept, *(fields[k] for k in (16, 38) if k < len(fields))]


def _alive(folder: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"PYTHONPATH={folder}".encode() in (process / "environ").read_bytes():
                state = (process / "stat").read_text().rpartition(")")[2].split()[0]
                found += [int(process.name)] if state != "Z" else []
        except OSError:
            continue
    return found


def _peak(number: int) -> int:
    """The most memory that a process has had, in KiB."""
    try:
        found = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{number}/status").read_text())
    except OSError:
        return 0
    return int(found.group(1)) if found else 0


def _end(folder: Path) -> None:
    for _ in range(50):
        if not (found := _alive(folder)):
            return
        for number in found:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue


def left_behind() -> list[Path]:
    """What attacks have left where all of this machine may write."""
    return [path for place in ("/tmp", "/dev/shm", "/var/tmp") for path in Path(place).glob("nndl-attack-*")]


def clear() -> None:
    """Remove what attacks have left."""
    for path in left_behind():
        path.unlink()


def _state(submitted: Path, student: str) -> dict[str, object]:
    """What a submission has no business to change."""
    others = [path for path in submitted.iterdir() if path.name != student]
    files: dict[str, object] = {
        str(path): (path.read_bytes() if path.is_file() else b"", metadata(path), path.stat().st_mtime_ns)
        for folder in others
        for path in (folder, *folder.rglob("*"))
    }
    book = submitted.parent / "gradebook.json"
    files[str(book)] = (book.read_bytes(), metadata(book))
    return {"files": files, "left": {str(path) for path in left_behind()}}


def metadata(path: Path) -> tuple[object, ...]:
    """Mode, owner and attributes of a file or folder."""
    found = path.stat(follow_symlinks=False)
    names = [] if path.is_symlink() else os.listxattr(path)
    return found.st_mode, found.st_uid, found.st_gid, *((name, os.getxattr(path, name)) for name in names)


def _changes(before: dict[str, object], submitted: Path, student: str) -> list[str]:
    after = _state(submitted, student)
    found = [] if after["files"] == before["files"] else ["files of others have changed"]
    found += [f"{path} is left" for path in sorted(after["left"] - before["left"])]
    own = [path for path in (submitted / student).rglob("*") if path.is_file() and not path.is_symlink()]
    if sum(path.stat().st_size for path in own) > LARGE:
        found.append("the disk fills up")
    if len(own) > 2000:
        found.append("a crowd of files")
    shutil.rmtree(submitted / student / "a1", ignore_errors=True)
    return found
