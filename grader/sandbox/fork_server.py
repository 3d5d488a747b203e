"""Keep fork servers, and make workers from them. A fork server is a confined interpreter that has imported
numpy; each worker is a copy of it, made by fork(2).

This is the trusted end of the control socket; `inside.fork_server` is the other one. A server makes one worker at a
time. When that has ended and its scratch folder is empty again, the server may make the next one, for any submission:
no byte of a submission ever reaches the server itself.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import socket
import threading
import weakref
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from .confine import SECONDS_TO_DIE, Confinement, Process, SandboxUnavailable
from .inside.control import LARGEST, MOST_KEPT_AT_ONCE, Ended, Fork, Forked, Keep, Prepare, Prepared, receive, send
from .kept_inputs import KeptInputs
from .limits import Limits
from .processor import vector_instructions
from .readable import DEVICES, ENVIRONMENT, ReadableFiles
from .scratch import Scratch
from .unconfined import how_it_ended

MAX_IDLE: Final = 4
"""Idle servers that a thread keeps; each holds 30 MiB, with PyTorch 200 MiB. The one that was used last is kept."""

MOST_PROGRAMS: Final = 250
"""Programs that a server keeps compiled for its workers; `utils.checks.program.compiled` keeps a few more."""

MOST_KEPT: Final = 64 << 20
"""Bytes of inputs that a server keeps for its workers."""

_PIPE: Final = 1 << 18  # bytes
_SECONDS_TO_EXIT: Final = 1.0  # a server that could not start ends by itself
M = TypeVar("M", bound=msgspec.Struct)
_of_thread = threading.local()


class ForkServer:
    """A confined process that makes workers; `fork_worker` keeps those that are idle.

    Use it only in the thread that made it: the process is killed when that thread ends.

    Parameters
    ----------
    key : tuple
        What a server is found by when it is idle.
    confinement : Confinement
    files : ReadableFiles
        What the server and its workers can read.
    packages, in_advance : sequence of str
        What the server imports; see `inside.control.Prepare`.
    seconds : float
        Wall-clock seconds that its start may take.

    Attributes
    ----------
    scratch : Scratch
        The scratch folder of the present worker.

    Raises
    ------
    SandboxUnavailable
        When the process does not start.
    """

    def __init__(
        self,
        key: tuple[object, ...],
        confinement: Confinement,
        files: ReadableFiles,
        packages: Sequence[str],
        in_advance: Sequence[str],
        seconds: float,
    ) -> None:
        self.key = key
        self._confinement = confinement
        self._kept: dict[str, int] = {}  # the inputs that workers have, with their bytes
        self._to_keep: dict[str, KeptInputs] = {}  # those that the next worker is to have
        self._programs: dict[str, bool] = {}  # whether the server has compiled a program, or is to with the next worker
        self.scratch = Scratch(confinement.user)
        # Libraries look for their configuration and cache below these folders. All are the scratch folder itself,
        # because a worker cannot make a folder in it.
        home = dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR", "TORCHINDUCTOR_CACHE_DIR"), self.scratch.path)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                environment = ENVIRONMENT | vector_instructions() | home
                self._process = confinement.spawn(files, self.scratch.path, environment, theirs)
        except BaseException:
            self._control.close()
            self.scratch.remove()
            raise
        self.close = weakref.finalize(self, _end, self._process, self._control, self.scratch)
        readable = (*files.paths, *DEVICES) if confinement.by_landlock else None
        writable = (self.scratch.path, "/dev/null") if confinement.by_landlock else None
        try:
            send(self._control, Prepare(readable, writable, tuple(packages), tuple(in_advance)))
            self._receive(Prepared, seconds)
            if not self.scratch.empty():
                raise OSError("the scratch folder cannot be emptied")
        except (OSError, EOFError, TimeoutError) as error:
            raise self.unavailable(error) from error
        except BaseException:
            self.close()
            raise

    def unavailable(self, error: BaseException) -> SandboxUnavailable:
        """Close the server, and make the error that says why it cannot be used."""
        reason = _last_line(self._process.stderr) or str(error)
        ended = self._process.wait(_SECONDS_TO_EXIT)
        self.close()
        return SandboxUnavailable(f"a worker did not start in the sandbox: {reason} ({ended})")

    def fork(self, limits: Limits) -> ForkedProcess:
        """Make a worker, which waits for its first message.

        Raises
        ------
        SandboxUnavailable
            When the server does not answer; it is closed.
        """
        drop = self._confinement.drops_privileges
        rlimits = limits.as_rlimits(self._confinement.tasks()) if drop else {}
        inbound, stdin = _large_pipe()
        stdout, outbound = _large_pipe()
        files: list[int] = []
        try:
            way = self._confinement
            new = list(self._to_keep.values())[:MOST_KEPT_AT_ONCE]
            files += map(_file_of, new)
            keep = tuple(Keep(each.name, len(each.packed.tree), each.size) for each in new)
            programs = self._programs_to_compile()
            request = Fork(drop, rlimits, limits.memory, way.user, way.keeps_search, keep, programs)
            send(self._control, request, (inbound, outbound, *files))
            _, (process,) = self._receive(Forked, limits.start_seconds, 1)
            for each in new:
                self._kept[each.name] = self._to_keep.pop(each.name).size
            self._programs.update(dict.fromkeys(programs, True))
        except BaseException as error:
            os.close(stdin)
            os.close(stdout)
            if isinstance(error, OSError | EOFError | TimeoutError):
                raise self.unavailable(error) from error
            self.close()
            raise
        finally:
            for descriptor in (inbound, outbound, *files):
                os.close(descriptor)
        return ForkedProcess(self, stdin, stdout, process, grouped=not drop, kept=frozenset(self._kept))

    def keep(self, inputs: KeptInputs) -> None:
        """Let the workers that are made from now on have some inputs in their memory, if there is room for them."""
        held = sum(self._kept.values()) + sum(each.size for each in self._to_keep.values())
        if inputs.name not in self._kept and held + inputs.size <= MOST_KEPT:
            self._to_keep[inputs.name] = inputs

    def keep_programs(self, programs: Iterable[str]) -> None:
        """Let the workers that are made from now on have some programs compiled.

        They have to be the course's own, since the server may not get a byte of a submission.
        """
        for program in programs:
            if len(self._programs) < MOST_PROGRAMS:
                self._programs.setdefault(program, False)

    def _programs_to_compile(self) -> tuple[str, ...]:
        """Return programs that the server has not compiled yet, as many as one message holds."""
        found, size = [], 0
        for program in (program for program, is_compiled in self._programs.items() if not is_compiled):
            size += len(program.encode())
            if size > LARGEST // 2:
                break
            found.append(program)
        return tuple(found)

    def worker_status(self, seconds: float) -> int | None:
        """Wait until the worker has ended, and return its status as `os.waitpid` does; None if it is still running.

        Raises
        ------
        EOFError
            When the server itself has ended.
        """
        try:
            (ended, _) = self._receive(Ended, seconds)
        except TimeoutError:
            return None
        return ended.status

    def give_back(self) -> None:
        """Let the server make another worker, now that the last one has ended; close it if that is not sure."""
        if not self.close.alive or not self.scratch.empty():
            self.close()
            return
        idle = _idle_servers()
        idle.insert(0, self)
        for server in idle[MAX_IDLE:]:
            server.close()
        del idle[MAX_IDLE:]

    def _receive(self, kind: type[M], seconds: float, descriptors: int = 0) -> tuple[M, list[int]]:
        if not select.select([self._control], [], [], seconds)[0]:
            raise TimeoutError(f"no answer within {seconds:g} seconds")
        return receive(self._control, kind, descriptors)


class ForkedProcess:
    """A worker's process as the grader handles it.

    Attributes
    ----------
    stdin, stdout : int
        File descriptors of the grader's ends of the two pipes.
    pid : int or None
        The process ID in the grader's process namespace; None where it is not known.
    """

    def __init__(
        self, server: ForkServer, stdin: int, stdout: int, process: int, grouped: bool, kept: frozenset[str]
    ) -> None:
        self.server, self.stdin, self.stdout, self._kept = server, stdin, stdout, kept
        self._process, self._grouped = process, grouped
        self.pid = _process_id(process)
        self._ended = ""

    def kept(self, inputs: KeptInputs) -> str:
        """Return the name by which the worker has some inputs; ``""`` if it has not, and only later workers will."""
        if inputs.name in self._kept:
            return inputs.name
        self.server.keep(inputs)
        return ""

    def kill(self) -> None:
        """Kill the process. Killing a process that has ended does nothing."""
        if (
            self._ended or select.select([self._process], [], [], 0)[0]
        ):  # a pidfd is readable once its process has ended
            return
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)
        if self._grouped and self.pid:  # an unconfined worker may have started processes of its own
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def wait(self, seconds: float = SECONDS_TO_DIE) -> str:
        """Wait until the process has ended, kill it if that takes longer than `seconds`, and say how it ended.

        The server is free for another worker then.
        """
        if self._ended:
            return self._ended
        try:
            status = self.server.worker_status(seconds)
            if status is None:
                self.kill()
                status = self.server.worker_status(SECONDS_TO_DIE)
            self._ended = "not at all" if status is None else how_it_ended(os.waitstatus_to_exitcode(status))
            ended = status is not None
        except (EOFError, OSError):
            ended, self._ended = False, "with the process that started it"
        self._close_descriptors()
        if ended:
            self.server.give_back()
        else:
            self.server.close()
        return self._ended

    def did_not_start(self, error: BaseException) -> SandboxUnavailable:
        """End the process and its server, and make the error that says why it did not start."""
        found = self.server.unavailable(error)
        self._ended = "not started"
        self._close_descriptors()
        return found

    def _close_descriptors(self) -> None:
        for descriptor in (self.stdin, self.stdout, self._process):
            os.close(descriptor)


def fork_worker(
    confinement: Confinement,
    files: ReadableFiles,
    packages: Sequence[str],
    in_advance: Sequence[str],
    limits: Limits,
) -> ForkedProcess:
    """Make a worker from an idle server of this thread, or from a new one if there is none that fits.

    Parameters
    ----------
    confinement : Confinement
    files : ReadableFiles
        What the worker can read.
    packages, in_advance : sequence of str
        What is imported before the worker is made; see `inside.control.Prepare`.
    limits : Limits
        What the worker may use.

    Returns
    -------
    ForkedProcess
        It waits for its first message. Its server is idle again once it has ended.

    Raises
    ------
    SandboxUnavailable
        When none can be made.
    """
    key = (type(confinement), *vars(confinement).items(), files.argv, tuple(packages), tuple(in_advance))
    idle = _idle_servers()
    for server in idle:
        if server.key == key:
            idle.remove(server)
            with suppress(SandboxUnavailable):  # the machine may have ended it meanwhile, for lack of memory
                return server.fork(limits)
            break
    return ForkServer(key, confinement, files, packages, in_advance, limits.start_seconds).fork(limits)


def _idle_servers() -> list[ForkServer]:
    """This thread's idle servers; the one that was used last comes first."""
    if not hasattr(_of_thread, "idle"):
        _of_thread.idle = []
    found: list[ForkServer] = _of_thread.idle
    return found


def close_idle_servers() -> None:
    """End this thread's idle servers."""
    idle = _idle_servers()
    while idle:
        idle.pop().close()


def _file_of(inputs: KeptInputs) -> int:
    """Write inputs to a file in memory, and return a descriptor that reads it from its beginning."""
    file = os.memfd_create("inputs", os.MFD_CLOEXEC)
    with open(file, "wb", closefd=False) as content:
        content.writelines((inputs.packed.tree, *inputs.packed.blobs))
    os.lseek(file, 0, os.SEEK_SET)
    return file


def _large_pipe() -> tuple[int, int]:
    """Make a pipe that holds the arrays of most programs, so that its two ends need not take turns."""
    reading, writing = os.pipe()
    with suppress(OSError):  # where the user has many pipes, it keeps its usual size
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE)
    return reading, writing


def _end(process: Process, control: socket.socket, scratch: Scratch) -> None:
    """End a server and its worker, and remove their scratch folder."""
    control.close()
    process.kill()
    process.wait()
    scratch.remove()


def _process_id(process: int) -> int | None:
    """Read the process ID that belongs to a pidfd; see proc(5)."""
    try:
        text = Path(f"/proc/self/fdinfo/{process}").read_text()
    except OSError:
        return None
    found = re.search(r"^Pid:\s*(\d+)$", text, re.MULTILINE)  # -1 if the process is in no namespace that is seen here
    return int(found[1]) if found and int(found[1]) else None


def _last_line(fd: int) -> str:
    """Read what has been written to a pipe so far, and return its last line: of a traceback, the error."""
    os.set_blocking(fd, False)
    try:
        lines = os.read(fd, 1 << 16).decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""
