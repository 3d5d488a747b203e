"""Start a child process, call functions in it, and stop it where a call takes too long or is interrupted."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from ..crash import Crash
from .limits import Clock
from .messages import Call, Here, Message, Printed, Prints, Raised, Returned, Where, as_bytes, read
from .place import place_in

WAIT = 0.2  # seconds; Windows notes Ctrl-C only between two waits
TO_SAY_WHERE = 1.0  # seconds
TO_END = 5.0  # seconds, for a process that has closed its pipe
_START = "from utils.checks.child.inside import main; main()"
_ROOT = Path(__file__).resolve().parents[3]  # the folder of `utils`
_SETTINGS = {
    # One thread, as in the grader. Those of more processors would also take address space, which is what is limited.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",  # a plot is shown to nobody
}


@dataclass(frozen=True)
class Reply:
    """What came of a call: its value, what it printed, and the processor seconds that it took."""

    value: Any
    prints: Prints
    seconds: float


class ChildNotStarted(RuntimeError):
    """Python cannot be started a second time; the message says why."""


class CallFailed(Exception):
    """The function raised.

    Attributes
    ----------
    crash : Crash
        What, and on which line of the student's code.
    prints : Prints
    seconds : float
        Processor seconds.
    """

    def __init__(self, crash: Crash, prints: Prints, seconds: float) -> None:
        super().__init__(str(crash))
        self.crash, self.prints, self.seconds = crash, prints, seconds


class CallLost(Exception):
    """A call gave no answer, and its process is gone; the next call starts another one.

    Attributes
    ----------
    reason : str
        ``"timeout"``: it was stopped because its time was used up; ``"killed"``: its process has ended.
    said : str
        How the process has ended, to stand in brackets.
    place : Crash
        Where it was, as far as that is known.
    prints : Prints
    """

    def __init__(self, reason: Literal["timeout", "killed"], said: str, place: Crash, prints: Prints) -> None:
        super().__init__(f"{said} {place.place}".strip())
        self.reason, self.said, self.place, self.prints = reason, said, place, prints


class CallInterrupted(KeyboardInterrupt):
    """Somebody pressed Ctrl-C or the stop button during a call; attributes as in `CallLost`."""

    def __init__(self, place: Crash, prints: Prints) -> None:
        super().__init__(f"interrupted {place.place}".strip())
        self.place, self.prints = place, prints


class Child:
    """A Python process that runs functions for this one.

    It starts with the first call, or with `start`, and is used for further calls: modules that were imported stay
    imported. After a call that was lost or interrupted, another process is started.

    Examples
    --------
    >>> child = Child()
    >>> child.call("math.hypot", 3.0, 4.0).value
    5.0
    >>> child.close()
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], object] = lambda: None
        self._lock = threading.Lock()
        self._number = 0

    def start(self) -> None:
        """Start the process, if there is none, and do not wait for it; raises ChildNotStarted."""
        if self._process is not None and self._process.poll() is None:
            return
        self._inbox: queue.Queue[Message | None] = queue.Queue()
        self._errors = tempfile.TemporaryFile("a+b")  # noqa: SIM115 (closed with the process)
        path = os.pathsep.join((str(_ROOT), *_path()))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, **_SETTINGS, "PYTHONPATH": path},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:  # in a browser, or in a container, there may be no second process
            self._errors.close()
            raise ChildNotStarted(f"{sys.executable} could not be started once more: {error}") from None
        self._is_ready = False
        self._end = weakref.finalize(self, _end, self._process, self._errors)  # also when this process ends
        assert self._process.stdout
        threading.Thread(target=_listen, args=(self._process.stdout, self._inbox), daemon=True).start()

    def close(self) -> None:
        """End the process; a call that is under way in another thread raises CallLost."""
        self._end()

    def call(
        self,
        function: str,
        *args: Any,
        seconds: float = float("inf"),
        memory: int = 0,
        package: str = "",
        on_print: Callable[[str], None] | None = None,
    ) -> Reply:
        """Call a function in the process, and wait for what it returns.

        Parameters
        ----------
        function : str
            Its module and its name: ``"math.hypot"``.
        *args
            What can be pickled.
        seconds : float, default inf
            The limit on its time; see `Clock`.
        memory : int, default 0
            The limit on the bytes that it may take, where the system can hold it; 0 for none.
        package : str, default ""
            The student's package, to tell which line of a traceback is the student's.
        on_print : callable, optional
            ``on_print(text)`` for what it prints, as it comes.

        Returns
        -------
        Reply

        Raises
        ------
        CallFailed
            When the function raises.
        CallLost
            When the time is used up, or the process ends.
        CallInterrupted
            When somebody presses Ctrl-C.
        ChildNotStarted
            When there cannot be a second process.
        """
        with self._lock:
            self.start()
            self._number += 1
            self._package, self._printed, self._on_print = package, [""], on_print or (lambda text: None)
            try:
                self._wait_until_ready()
                self._send(Call(self._number, function, args, package, memory, os.getcwd(), _path()))
                return self._reply(Clock(seconds))
            except KeyboardInterrupt:
                place, more = self._ask_where()
                self._restart()
                raise CallInterrupted(place, Prints("".join(self._printed), more)) from None

    def _wait_until_ready(self) -> None:
        """Wait until the process has started: that takes long on a busy machine, and is not the time of a call."""
        while not self._is_ready:
            with suppress(queue.Empty):
                if self._inbox.get(timeout=WAIT) is None:
                    said = self._written().strip().splitlines() or ["it said nothing"]
                    raise ChildNotStarted(f"{sys.executable} could not be started once more: {said[-1]}")
                self._is_ready = True

    def _reply(self, clock: Clock) -> Reply:
        """Wait for the answer to the present call."""
        place, more = Crash(False, "", ""), 0
        while True:
            with suppress(queue.Empty):
                message = self._inbox.get(timeout=WAIT)
                if message is None:
                    raise self._ended()
                if getattr(message, "number", self._number) != self._number:
                    continue  # an answer to a question that an earlier call has overtaken
                prints = Prints("".join(self._printed), getattr(message, "more", 0))
                if isinstance(message, Returned):
                    return Reply(message.value, prints, message.seconds)
                if isinstance(message, Raised):
                    raise CallFailed(message.crash, prints, message.seconds)
                if isinstance(message, Printed):
                    self._printed.append(message.text)
                    self._on_print(message.text)
                if isinstance(message, Here):
                    clock.note(message.seconds)
                    place, more = message.place, message.more
            if clock.is_over():
                place = place if place.file else self._dumped()
                self._restart()
                raise CallLost("timeout", "stopped", place, Prints("".join(self._printed), more))
            if clock.should_ask():
                self._send(Where())

    def _ask_where(self) -> tuple[Crash, int]:
        """Ask where the present call is, and how many lines it has printed without their being kept."""
        self._send(Where())
        limit = time.monotonic() + TO_SAY_WHERE
        while (left := limit - time.monotonic()) > 0:
            with suppress(queue.Empty):
                message = self._inbox.get(timeout=min(left, WAIT))
                if message is None:
                    break
                if isinstance(message, Here) and message.number == self._number:
                    return message.place, message.more
        return self._dumped(), 0

    def _dumped(self) -> Crash:
        """Have `faulthandler` write where the process is: it can while a C library keeps Python's threads waiting."""
        if self._process is not None and hasattr(signal, "SIGUSR1"):
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGUSR1)
                time.sleep(0.1)
        return place_in(self._written(), self._package)

    def _ended(self) -> CallLost:
        """Say how the process has ended by itself."""
        assert self._process
        try:
            code = self._process.wait(TO_END)
        except subprocess.TimeoutExpired:
            self.close()
            return CallLost("killed", "its answer cannot be read", Crash(False, "", ""), Prints())
        if code < 0:
            name = signal.strsignal(-code) or "signal"
            said = f"signal {-code}: {name}{', perhaps for lack of memory' if -code == 9 else ''}"
        else:
            said = f"exit code {code}"
        return CallLost("killed", said, place_in(self._written(), self._package), Prints("".join(self._printed)))

    def _written(self) -> str:
        """What the process has written to its standard error."""
        try:
            self._errors.seek(0)
            return self._errors.read().decode(errors="replace")
        except ValueError:  # another thread has closed this child
            return ""

    def _restart(self) -> None:
        self.close()
        self.start()

    def _send(self, message: Message) -> None:
        assert self._process
        assert self._process.stdin
        with suppress(OSError):  # a process that has ended is noticed by its silence
            self._process.stdin.write(as_bytes(message))
            self._process.stdin.flush()


def _path() -> tuple[str, ...]:
    """Where this process looks for modules."""
    return tuple(entry or os.getcwd() for entry in sys.path)


def _listen(pipe: IO[bytes], inbox: queue.Queue[Message | None]) -> None:
    """Hand on what a process writes, and None when it has ended."""
    try:
        with pipe:
            while True:
                inbox.put(read(pipe))
    except Exception:  # the pipe is closed, or what was sent cannot be read here
        inbox.put(None)


def _end(process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    process.kill()
    process.wait()
    errors.close()
    assert process.stdin
    with suppress(OSError):
        process.stdin.close()
