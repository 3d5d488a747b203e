"""Test on this machine whether a sandbox keeps its promises, by running probes in it that try to break out."""

from __future__ import annotations

import os
import socket
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from utils.checks.program import Ran

from ..host.temporary_folders import temporary_folder
from . import given_utils
from .confine import SIZES_AND_TIMES, Confinement
from .limits import MEGABYTE, Limits
from .probe_targets import Attempt, probe_targets
from .readable import readable_files
from .worker import Worker, WorkerLost

_SOURCE = Path(__file__).with_name("probes.py")
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Probe:
    """The result of a probe: one promise of the sandbox, and whether it was kept.

    Attributes
    ----------
    promise : str
        The promise in words: ``"no TCP connection"``.
    kept : bool
        Whether the probe failed to break it.
    detail : str
        What the probe reached, where the promise was not kept.
    promised : bool
        Whether this confinement promises it at all; see `Confinement.not_promised`.
    """

    promise: str
    kept: bool
    detail: str = ""
    promised: bool = True

    @property
    def broken(self) -> bool:
        """Whether the confinement makes this promise and does not keep it."""
        return self.promised and not self.kept


def run_all_probes(confinement: Confinement) -> list[Probe]:
    """Run every probe, including the slow ones that use up a time limit.

    Parameters
    ----------
    confinement : Confinement
        The confinement to test.

    Returns
    -------
    list of Probe
        One for each promise.

    Raises
    ------
    SandboxUnavailable
        When no worker can be started in it at all.
    """
    with probe_targets() as targets, temporary_folder() as folder:
        probes = _try_all(confinement, [*_quick_attempts(folder), *targets.attempts()])
    return [
        *probes,
        _hidden_files(confinement),
        _processor_time(confinement),
        _time_asleep(confinement),
        _nothing_left(confinement),
    ]


def run_quick_probes(confinement: Confinement) -> list[Probe]:
    """Run the probes that take next to no time and need no listener.

    `choice.choose_confinement` runs them at the start of every command that grades.

    Parameters
    ----------
    confinement : Confinement
        The confinement to test.

    Returns
    -------
    list of Probe

    Raises
    ------
    SandboxUnavailable
        When no worker can be started in it at all.
    """
    with temporary_folder() as folder:
        return _try_all(confinement, _quick_attempts(folder))


def _quick_attempts(folder: str) -> list[Attempt]:
    """List the attempts that need no target but an empty folder of the grader's."""
    limits = Limits()
    own = Path(folder, "own")
    own.touch()
    inet, unix = int(socket.AF_INET), int(socket.AF_UNIX)
    stream, datagram = int(socket.SOCK_STREAM), int(socket.SOCK_DGRAM)
    return [
        ("no TCP socket", "open_socket", (inet, stream)),
        ("no UDP socket", "open_socket", (inet, datagram)),
        ("no local socket", "open_socket", (unix, stream)),
        ("the grader's code is not readable", "read", (__file__,)),
        (
            "layers that could answer for a student are not readable",
            "read",
            (str(given_utils.FOLDER / "fast_layers.py"),),
        ),
        ("the course's folder is not listed", "list_folder", (str(_ROOT), _names(_ROOT))),
        ("the home folder is not listed", "list_folder", (str(Path.home()), _names(Path.home()))),
        ("nothing is written to the temporary folder", "write", (tempfile.gettempdir(),)),
        ("modes, owners, times and attributes of files cannot be changed", "change", (str(own),)),
        ("modes, owners, times and attributes of open files cannot be changed", "change_open_file", ()),
        ("no file is emptied by opening it", "truncate", (str(own),)),
        (SIZES_AND_TIMES, "stat_file", (str(own),)),
        ("no folder is watched", "watch", (folder,)),
        ("limits and priorities of the grader cannot be changed", "limit_other", (os.getpid(),)),
        ("no system call that numpy does not need", "call_unlisted", ()),
        ("the grader is not seen", "see_process", (os.getpid(),)),
        ("no process is started", "fork", ()),
        ("no program is run", "run_program", ()),
        ("the process cannot escape the grader's kill", "leave_group", ()),
        ("the process does not outlive the grader", "survive_parent", ()),
        ("memory is limited", "take_memory", (limits.memory + MEGABYTE,)),
        ("no memory escapes the limit", "take_hidden_memory", ()),
        ("open files are limited", "open_files", (limits.open_files,)),
        ("the size of files is limited", "fill_file", (limits.file_size + 1,)),
        ("dropped privileges cannot be taken back", "become_root", ()),
    ]


def _names(folder: Path) -> list[str]:
    """List the names in a folder that a worker should not be able to see.

    bubblewrap has to create the parent folders of everything that it binds, so a worker sees their names. They are left
    out, and so is everything where the folder itself is readable.
    """
    readable = [Path(path) for path in readable_files().paths]
    if any(folder.is_relative_to(path) for path in readable):
        return []
    try:
        found = list(folder.iterdir())
    except OSError:
        return []
    return [child.name for child in found if not any(path.is_relative_to(child) for path in readable)]


def _try_all(confinement: Confinement, attempts: list[Attempt]) -> list[Probe]:
    """Make all attempts in one worker."""
    with _worker(confinement, Limits()) as worker:
        probes = [_try(worker, attempt) for attempt in attempts]
    return [replace(probe, promised=probe.promise not in confinement.not_promised) for probe in probes]


def _try(worker: Worker, attempt: Attempt) -> Probe:
    promise, function, arguments = attempt
    try:
        outcome = worker.run(f"reached = probes.{function}(*arguments)", {"arguments": arguments}, ("reached",))
    except WorkerLost as lost:
        return Probe(promise, False, f"the probe was stopped: {lost.message}")
    if isinstance(outcome, Ran):
        reached = str(outcome.values["reached"])
        return Probe(promise, not reached, reached)
    return Probe(promise, False, f"the probe failed: {outcome}")


def _worker(confinement: Confinement, limits: Limits) -> Worker:
    return Worker(confinement, {"probes": _SOURCE.read_text()}, "probes", {}, None, limits)


def _hidden_files(confinement: Confinement) -> Probe:
    """Write more than the scratch folder may hold into files that stay open and are removed from the folder."""
    promise, limits = (
        "no file escapes the count of the scratch folder's size",
        Limits(seconds=60.0, scratch=4 * MEGABYTE),
    )
    try:
        with _worker(confinement, limits) as worker:
            outcome = worker.run("hidden = probes.hide_files(size)", {"size": limits.scratch}, ("hidden",))
    except WorkerLost as lost:
        kept = lost.reason == "killed"
        return Probe(promise, kept, "" if kept else lost.message)
    hidden = str(outcome.values["hidden"]) if isinstance(outcome, Ran) else ""
    return Probe(promise, not hidden, hidden)


def _processor_time(confinement: Confinement) -> Probe:
    """Run an endless loop with a kernel limit of 3 processor seconds and a grader's limit of 12.

    The worker has to be killed by the kernel's limit: that one holds even where the grader itself is stopped.
    """
    promise = "processor time is limited"
    try:
        with _worker(confinement, Limits(seconds=12.0, cpu_seconds=3)) as worker:
            worker.run("probes.use_processor()", {}, ())
    except WorkerLost as lost:
        kept = lost.reason == "killed"
        return Probe(promise, kept, "" if kept else lost.message)
    return Probe(promise, False, "an endless loop came to its end")


def _time_asleep(confinement: Confinement) -> Probe:
    promise = "time asleep is limited"
    try:
        with _worker(confinement, Limits(seconds=1.0)) as worker:
            worker.run("import time; time.sleep(600)", {}, ())
    except WorkerLost as lost:
        kept = lost.reason == "timeout"
        return Probe(promise, kept, "" if kept else lost.message)
    return Probe(promise, False, "it slept for ten minutes")


def _nothing_left(confinement: Confinement) -> Probe:
    """Leave a background process and files behind, and look for them once the worker is closed."""
    promise = "nothing is left behind"
    with _worker(confinement, Limits()) as worker:
        scratch = worker.scratch
        outcome = worker.run("left = probes.leave_daemon()", {}, ("left",))
    daemon = outcome.values["left"] if isinstance(outcome, Ran) else None
    if not isinstance(daemon, int):
        return Probe(promise, False, f"the probe failed: {outcome}")
    if daemon and _kill(daemon):
        return Probe(promise, False, f"process {daemon} went on")
    if os.path.exists(scratch) and os.listdir(scratch):
        return Probe(promise, False, f"{scratch} was not emptied")
    return Probe(promise, True)


def _kill(process: int) -> bool:
    """Kill a process that should have ended already; return whether it was still there."""
    try:
        os.kill(process, 9)
    except ProcessLookupError:
        return False
    return True
