"""The trusted end of the wire: one worker, one submitted module, any number of programs."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from itertools import count
from types import TracebackType
from typing import Final, Literal, Protocol

import msgspec

from utils.checks.program import Crash, Ran

from ..host.bounded_process import ChildDied, OutOfTime
from .allowed import IF_IMPORTED, STAND_INS
from .clock import ProgramClock
from .confine import SECONDS_TO_DIE, Confinement, SandboxUnavailable
from .inside.channel import Cap, Channel
from .inside.wire import (
    Ask,
    Done,
    Failed,
    Frame,
    Message,
    Ready,
    Run,
    Start,
    TooLarge,
    WireClosed,
    WireError,
    WireTimeout,
    as_table,
    load,
    message_of,
)
from .limits import MEGABYTE, Limits
from .readable import ENVIRONMENT, readable_files
from .scratch import Scratch

_SECONDS_TO_EXIT = 1.0  # for a process that has closed the wire to say how it ended
_TO_WORKER = Cap(64 * MEGABYTE, 512 * MEGABYTE)
LARGEST_ANSWER: Final = _TO_WORKER.blob
_PROGRAMS = count(1)  # over all workers: nothing of one program's questions is there in another's


class Answerer(Protocol):
    """Who answers the questions of a worker's programs."""

    @property
    def spent(self) -> float:
        """Processor seconds that answering has taken so far, outside of this process."""

    def ask(self, program: int, question: Frame, seconds: float) -> Frame:
        """Answer one question.

        Parameters
        ----------
        program : int
            Which program asks; a number that no other program has.
        question : Frame
            As it came over the wire: untrusted.
        seconds : float
            Processor time that it may take.

        Raises
        ------
        WireError
            When no proxy asks like this: the frame is forged.
        OutOfTime, ChildDied
        """


class WorkerLost(Exception):
    """The worker gave no answer and is gone; whoever wants to go on needs a new one.

    Attributes
    ----------
    reason : str
        ``"timeout"``; ``"killed"`` (it ended: memory, a signal, ``os._exit``); ``"protocol"`` (what it sent is not
        of the protocol).
    message : str
        One sentence.
    """

    def __init__(self, reason: Literal["timeout", "killed", "protocol"], message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Worker:
    """A confined process that runs programs against one submitted module.

    Use it as a context manager, from the thread that made it: the process dies with that thread.

    Parameters
    ----------
    confinement : Confinement
        From `confinement`.
    files : mapping of str to str
        Source texts of the submission by module name (``"layers"``). Only `module` has to be there; from a module
        with proxies, the submitted code may borrow what has no proxy.
    module : str
        The module under test; a key of `files`.
    proxies : mapping of str to sequence of str
        What the module may import besides itself: module name → functions, each of which is answered by `answers`.
    answers : Answerer or None
        Asked at each call of a proxy. May be None where there are no proxies.
    limits : Limits
    given : sequence of str
        Functions of ``utils`` that the submitted code may read and call, as ``"layer_checks.check_axes"``.
    packages : sequence of str
        Packages that it may import beyond `allowed.ALWAYS`. They are imported while the worker starts, so that no
        program waits for them.
    package : str, default "submitted"
        The name of the package that the submitted modules belong to.

    Attributes
    ----------
    outside : float
        Seconds that the programs so far have used and that this process has not spent itself; see
        `clock.ProgramClock`.

    Raises
    ------
    SandboxUnavailable
        When the worker does not come up. No submitted code has run by then, so it is never the student's fault.
    KeyError
        When `files` has no `module`.
    """

    def __init__(
        self,
        confinement: Confinement,
        files: Mapping[str, str],
        module: str,
        proxies: Mapping[str, Sequence[str]],
        answers: Answerer | None = None,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
        given: Sequence[str] = (),
        packages: Sequence[str] = (),
        package: str = "submitted",
    ) -> None:
        self._limits, self._answers = limits, answers
        self._clock: ProgramClock | None = None
        self.outside = 0.0
        self._proxies = {name: tuple(functions) for name, functions in proxies.items()}
        sources = {module: files[module], **{name: files[name] for name in self._proxies if name in files}}
        named = [name for name in IF_IMPORTED if any(name in source for source in sources.values())]
        readable = readable_files((*packages, *named), tuple(given))
        self._runs = 0
        self._closed = False
        self._ended = ""
        self._scratch = Scratch(confinement.user, limits.scratch)
        # All of these exist: to make a folder inside of the scratch folder is refused.
        home = dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR", "TORCHINDUCTOR_CACHE_DIR"), self._scratch.path)
        try:
            self._process = confinement.spawn(readable, self._scratch.path, ENVIRONMENT | home)
        except BaseException:
            self._scratch.remove()
            raise
        inbound = Cap(limits.structure, limits.output)
        self._scratch.watch(self._process.kill)
        self._channel = Channel(self._process.stdout, self._process.stdin, inbound, _TO_WORKER, self._watch)
        drop_privileges = confinement.drops_privileges
        rlimits = limits.as_rlimits(confinement.tasks()) if drop_privileges else {}
        start = Start(
            sources,
            module,
            self._proxies,
            inbound.tree,
            inbound.blob,
            drop_privileges,
            rlimits,
            limits.memory,
            confinement.user,
            {**readable.withheld, **{name: () for name in STAND_INS if name not in packages}},
            tuple(packages),
            package,
        )
        self._start(start)

    @property
    def scratch(self) -> str:
        """Path of the scratch folder, which is gone once the worker is closed."""
        return self._scratch.path

    def _watch(self) -> None:
        """Called several times a second while the worker is waited for."""
        if self._clock is not None:
            self._clock.look()

    def _start(self, start: Start) -> None:
        deadline = time.monotonic() + self._limits.start_seconds
        try:
            self._channel.send(start, deadline=deadline)
            message, _ = self._channel.receive(deadline)
            if not isinstance(message, Ready):
                raise WireError("the worker's first word is not Ready")
        except WireError as error:
            reason = _last_line(self._process.stderr) or str(error)
            self.close()
            raise SandboxUnavailable(f"a worker did not start in the sandbox: {reason} ({self._ended})") from error
        except BaseException:
            self.close()
            raise

    def run(
        self,
        program: str,
        inputs: Mapping[str, object],
        fetch: Sequence[str],
        seed: int = 0,
        seconds: float | None = None,
    ) -> Ran | Crash:
        """Run one program against the submitted module.

        Parameters
        ----------
        program : str
            Python statements that refer to the module by its short name; see `utils.checks.program`.
        inputs : mapping of str to object
            Variables the program starts with.
        fetch : sequence of str
            Variables to bring back.
        seed : int
            For the global generators of ``numpy.random`` and ``random``.
        seconds : float, optional
            In place of the worker's limit.

        Returns
        -------
        Ran or Crash
            Values are plain data; what cannot cross is an `Opaque`.

        Raises
        ------
        WorkerLost
        """
        if self._closed:
            raise WorkerLost("killed", "the worker is closed")
        self._runs += 1
        seconds = seconds or self._limits.seconds
        clock = ProgramClock(seconds, self._process.pid, self._spent_on_answers)
        self._clock = clock
        try:
            return self._converse(Run(self._runs, program, tuple(fetch), seed), inputs, clock)
        except (WireTimeout, OutOfTime):
            self.close()
            raise WorkerLost("timeout", f"no answer within {seconds:g} seconds") from None
        except WireClosed:
            self._end(_SECONDS_TO_EXIT)
            if self._scratch.exceeded:
                said = f"the code wrote more than {self._limits.scratch // MEGABYTE} MiB of files"
            else:
                said = f"the process that ran the code ended: {self._ended}"
            raise WorkerLost("killed", said) from None
        except ChildDied:
            self.close()
            raise WorkerLost("killed", "a call of a function that it builds on ended the grader's process") from None
        except TooLarge:
            raise  # ours: the inputs of a case are too large
        except WireError as error:
            self.close()
            raise WorkerLost("protocol", f"the process that ran the code broke the protocol: {error}") from None
        except BaseException:
            self.close()
            raise
        finally:
            self.outside += clock.outside
            self._clock = None

    def _converse(self, run: Run, inputs: Mapping[str, object], clock: ProgramClock) -> Ran | Crash:
        """Send a program, answer its questions, and take what it came to."""
        program = next(_PROGRAMS)
        self._channel.send(run, dict(inputs), clock.deadline)
        while True:
            frame = self._channel.receive_frame(clock.deadline)
            if not isinstance(message_of(frame), Ask):
                return self._outcome(*load(*frame), inputs, run.fetch)
            if self._answers is None:
                raise WireError("a question, and nothing may be asked")
            answer = self._answers.ask(program, frame, max(clock.left, 0.0))
            clock.answered()
            self._channel.send_frame(answer, clock.deadline)

    def _spent_on_answers(self) -> float:
        return 0.0 if self._answers is None else self._answers.spent

    def _outcome(
        self, message: Message, value: object, inputs: Mapping[str, object], fetch: Sequence[str]
    ) -> Ran | Crash:
        if not isinstance(message, Done | Failed) or message.number != self._runs:
            raise WireError(f"{type(message).__name__} is not an answer to the program")
        if isinstance(message, Done):
            values = as_table(value)
            if set(values) != set(fetch):
                raise WireError("the values are not the ones that were asked for")
            return Ran(values, tuple(name for name in inputs if name in message.mutated))
        try:
            return msgspec.convert(_shortened(as_table(value)), Crash)
        except msgspec.ValidationError as error:
            raise WireError(f"a crash is described wrongly: {error}") from None

    def close(self) -> None:
        """End the worker: its whole process tree is gone and its scratch folder removed. Closing twice is fine."""
        if not self._closed:
            self._process.kill()
            self._end(SECONDS_TO_DIE)

    def _end(self, seconds: float) -> None:
        """Wait until the process has ended, or end it after so many seconds."""
        self._closed = True
        self._scratch.unwatch()
        self._ended = self._process.wait(seconds)
        self._scratch.remove()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_NAMES = ("error", "file", "function", "entered")
_NAME = re.compile(r"[\w.<>/-]{0,120}")


def _shortened(fields: dict[str, object]) -> dict[str, object]:
    """The fields of a crash, short, and its names such as Python gives: a class may be called "✓ 76 of 76 points"."""
    short = {name: field[:500] if isinstance(field, str) else field for name, field in fields.items()}
    odd = {name: "unnamed" for name in _NAMES if not _NAME.fullmatch(str(short.get(name, "")))}
    return short | odd


def _last_line(fd: int) -> str:
    """The last line that lies ready in a pipe, which for a traceback is the error."""
    os.set_blocking(fd, False)
    try:
        lines = os.read(fd, 1 << 16).decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""
