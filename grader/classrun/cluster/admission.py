"""Examine each worker of a Dask cluster once, and admit it to a run if it would give the verdicts of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final

from distributed import Client

from .identity import SECRET, Identity, difference, summary
from .plain_data import Refused
from .worker import Described, Run, admit, describe, dismiss

_SECONDS_BETWEEN_LOOKS: Final = 1.0
_NOT_INSTALLED: Final = "the grader is not installed there, or not in this version ({error}); install the same version"


class Admission:
    """The workers that take part in a run.

    An admitted worker gets a resource, in Dask's sense, which the tasks of the run need. So Dask's scheduler gives them
    to no other worker, and a worker that comes later takes part as soon as it is admitted.

    Use it from one thread.

    Parameters
    ----------
    client : Client
    run : Run
    here : dict of str to str
        The description of this machine; see `identity`.
    say : callable
        Called with one sentence about each worker that is not used.

    Attributes
    ----------
    slots : dict of str to int
        How many submissions each admitted worker judges at a time, by the worker's address.
    refusals : dict of str to str
        Why other workers were not admitted, by their addresses.
    examining : set of str
        The addresses of those that are being examined.
    """

    def __init__(self, client: Client, run: Run, here: Identity, say: Callable[[str], None]) -> None:
        self.slots: dict[str, int] = {}
        self.refusals: dict[str, str] = {}
        self.examining: set[str] = set()
        self._client, self._run, self._here, self._say = client, run, here, say
        self._test = summary({name: value for name, value in here.items() if name != SECRET})
        self._seen: set[str] = set()
        self._said: set[str] = set()
        self._names: dict[str, str] = {}
        self._examined: SimpleQueue[tuple[str, int, str | None]] = SimpleQueue()
        self._next_look = 0.0

    def look(self) -> None:
        """Note who was examined, begin to examine who is new, and forget who is gone; wait for nobody."""
        with suppress(Empty):
            while True:
                address, threads, why = self._examined.get_nowait()
                self.examining.discard(address)
                if why:
                    self.refuse(address, why)
                elif why is not None and address in self._seen:
                    self.slots[address] = threads
        if time.monotonic() < self._next_look or self._client.status != "running":
            return
        self._next_look = time.monotonic() + _SECONDS_BETWEEN_LOOKS
        with suppress(OSError):  # the connection was lost, and Dask is about to establish it again
            there = self._client.nthreads()
            for address in there.keys() - self._seen:
                self.examining.add(address)
                # In a thread of its own, because one worker that hangs must not keep the others waiting.
                threading.Thread(target=self._examine, args=(address, there[address]), daemon=True).start()
            self._seen = set(there)
            self.examining &= self._seen
            for known in (self.slots, self.refusals):
                for address in known.keys() - self._seen:
                    del known[address]

    def refuse(self, address: str, why: str) -> None:
        """Use a worker no more, and say why; once for each worker, however often it is started again."""
        self.slots.pop(address, None)
        sentence = f"{self._names.get(address, f'the worker at {address}')}: {why.strip().rstrip('.')}"
        self.refusals[address] = sentence
        if sentence not in self._said:
            self._said.add(sentence)
            self._say(f"Not used: {sentence}.")

    def dismiss(self, addresses: Sequence[str]) -> None:
        """Take the resource from workers, so that no more tasks of the run are given to them."""
        with suppress(OSError):
            self._client.run(dismiss, self._run, workers=list(addresses), on_error="ignore")

    def close(self) -> None:
        """Dismiss all workers, because the run is over."""
        if self.slots:
            self.dismiss(list(self.slots))

    def _examine(self, address: str, threads: int) -> None:
        """Admit or refuse a worker, and put the result into the queue."""
        why = None
        with suppress(Exception):  # the client was closed, because the run is over
            why = self._reason_against(address)
        self._examined.put((address, threads, why))

    def _reason_against(self, address: str) -> str | None:
        """Return why a worker cannot take part; ``""`` if it was admitted, and None if it has ended."""
        answer = self._ask(address, describe, self._run.folder, self._run.assignment, self._run.nonce)
        if isinstance(answer, Exception):
            # Dask says with an exception of the class `Exception` that it could not import a function.
            return None if isinstance(answer, OSError) else _NOT_INSTALLED.format(error=answer)
        described: Described = answer
        self._names[address] = f"worker {described['name']} on {described['host']}"
        found = described["found"]
        why = found.why if isinstance(found, Refused) else difference(self._here, found)
        if why:
            return why
        answer = self._ask(address, admit, self._run, self._test)
        if isinstance(answer, Exception):
            return None if isinstance(answer, OSError) else f"it could not be tried ({answer})"
        return str(answer)

    def _ask(self, address: str, function: Callable[..., Any], *arguments: object) -> Any:
        """Return what a coroutine returns in a worker, or the exception."""
        answers = self._client.run(function, *arguments, workers=[address], on_error="return")
        return answers.get(address, OSError("the worker has ended"))
