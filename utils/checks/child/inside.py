"""Be the child process: take calls from the parent one after the other, and say meanwhile where the present one is.

The main thread runs what is called. A second thread reads what the parent writes, so that a question is answered while
the code runs. What the code prints is handed to the parent; what C libraries print, and what `faulthandler` writes when
the interpreter crashes, goes to the file that the parent has made the standard error.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

from ..crash import Crash, describe_crash
from .memory import limited_memory
from .messages import Call, Here, Message, Printed, Raised, Ready, Returned, Where, as_bytes, read
from .place import place_of
from .prints import KeptPrints, NoInput, no_debugger


def main() -> None:
    """Serve the parent until it closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, too, which decides what to do
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    faulthandler.enable()
    if hasattr(faulthandler, "register"):  # on Windows there is none
        faulthandler.register(signal.SIGUSR1)
    Inside(requests, replies).serve()


class Inside:
    """The child's side of the two pipes."""

    def __init__(self, requests: IO[bytes], replies: IO[bytes]) -> None:
        self._requests, self._replies = requests, replies
        self._calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self._sending = threading.Lock()
        self._call = Call(0, "", (), "", 0, "")
        self._started = 0.0
        self._prints = KeptPrints(lambda text: self._send(Printed(self._call.number, text)))

    def serve(self) -> None:
        """Carry out calls for ever; the process ends when the parent closes the pipe."""
        sys.stdout = sys.stderr = self._prints
        sys.stdin = NoInput()
        sys.breakpointhook = no_debugger
        threading.Thread(target=self._listen, daemon=True).start()
        self._send(Ready())
        while True:
            call = self._calls.get()
            self._prints.begin()
            self._call, self._started = call, time.process_time()
            self._send(self._result(call))

    def _listen(self) -> None:
        try:
            while True:
                message = read(self._requests)
                if isinstance(message, Call):
                    self._calls.put(message)
                elif isinstance(message, Where):
                    self._send(self._here())
        finally:  # the parent is gone, or has sent what cannot be read here
            os._exit(0)

    def _result(self, call: Call) -> Message:
        """Carry out a call."""
        try:
            if os.getcwd() != call.folder:
                os.chdir(call.folder)
            sys.path += [entry for entry in call.path if entry not in sys.path]
            function = _function(call.function)
            with limited_memory(call.memory):
                value = function(*call.args)
            returned = Returned(call.number, value, self._seconds, self._prints.more)
            as_bytes(returned)  # what cannot be sent is an error of this call, and not of this process
            return returned
        except BaseException as error:
            return Raised(call.number, described(error, call.package), self._seconds, self._prints.more)

    def _here(self) -> Here:
        frame = sys._current_frames().get(threading.main_thread().ident or 0)
        return Here(self._call.number, place_of(frame, self._call.package), self._seconds, self._prints.more)

    @property
    def _seconds(self) -> float:
        return time.process_time() - self._started

    def _send(self, message: Message) -> None:
        data = as_bytes(message)
        with self._sending:
            self._replies.write(data)
            self._replies.flush()


def described(error: BaseException, package: str) -> Crash:
    """Describe an exception, even one whose own methods raise."""
    try:
        return describe_crash(error, package)
    except BaseException:
        return Crash(False, type(error).__name__, "")


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.rpartition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found
