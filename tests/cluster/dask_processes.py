"""Schedulers and workers of Dask as processes of their own, as an instructor starts them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import TracebackType

from distributed import Client

REPOSITORY = Path(__file__).parents[2]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Processes:
    """A scheduler on loopback and its workers; use it as a context manager, which ends them.

    Parameters
    ----------
    logs : Path
        A folder for what they say.
    host : str, default "127.0.0.1"
        The address that the scheduler listens at.
    protocol : str, default "tcp"
    **environment : str
        Variables that all of them get.
    """

    def __init__(self, logs: Path, host: str = "127.0.0.1", protocol: str = "tcp", **environment: str) -> None:
        self.logs, self.host, self.protocol, self.environment = logs, host, protocol, environment
        self.port = free_port()
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def address(self) -> str:
        return f"{self.protocol}://{self.host}:{self.port}"

    def start_scheduler(self, **environment: str) -> None:
        options = ["--host", self.host, "--port", str(self.port), "--dashboard-address", ":0", "--no-show"]
        self._start("scheduler", [*_dask("scheduler"), "--protocol", self.protocol, *options], environment)

    def start_worker(
        self, name: str, course: Path | None, *options: str, within: Sequence[str] = (), **environment: str
    ) -> None:
        """Start a worker with a nanny that judges one submission at a time, unless `options` say otherwise."""
        own = {"GRADER_COURSE": str(course)} if course else {}
        command = [*within, *_dask("worker"), self.address, "--name", name, "--nthreads", "1", "--no-dashboard"]
        self._start(
            name,
            [*command, "--memory-limit", "0", "--local-directory", str(self.logs), *options],
            {**own, **environment},
        )

    def _start(self, name: str, command: Sequence[str], environment: dict[str, str]) -> None:
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(REPOSITORY), **self.environment, **environment},
                cwd=self.logs,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def wait_for(self, workers: int, seconds: float = 60.0) -> None:
        """Wait until this many workers are there."""
        with Client(self.address, timeout=seconds, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=seconds)

    def kill(self, name: str) -> None:
        """Kill a process that was started here, that one alone, and wait for its end."""
        self.running[name].send_signal(signal.SIGKILL)
        self.running.pop(name).wait()

    def until_at_work(self, name: str) -> None:
        """Wait until a worker has a submission."""
        with Client(self.address, timeout=30, set_as_default=False) as client:
            until(lambda: any(client.processing([address])[address] for address in self._addresses(client, name)))

    def kill_below_nanny(self, name: str) -> None:
        """Kill a worker's process, whose nanny starts another one."""
        with Client(self.address, timeout=30, set_as_default=False) as client:
            (address,) = self._addresses(client, name)
            os.kill(client.run(os.getpid, workers=[address])[address], signal.SIGKILL)

    def _addresses(self, client: Client, name: str) -> list[str]:
        """The addresses of the workers with a name; there may be none now."""
        found = client.run(lambda dask_worker: str(dask_worker.name), on_error="ignore")
        return [address for address, other in found.items() if other == name]

    def said(self, name: str) -> str:
        """What a process has written to stderr."""
        return (self.logs / f"{name}.log").read_text("utf-8", "replace")

    def __enter__(self) -> Processes:
        self.start_scheduler()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        scheduler = self.running.pop("scheduler", None)
        _end(self.running.values())
        _end([scheduler] if scheduler else [])  # last, as a worker waits for it when it ends


def _end(processes: Collection[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _dask(what: str) -> list[str]:
    return [sys.executable, "-m", f"distributed.cli.dask_{what}"]


def free_port() -> int:
    """A port of this machine that nobody listens at now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until a function returns something true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)
