"""Reach a Dask cluster: one that runs, by its scheduler's address, or one that lives in this process."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import dask
from distributed import Client, LocalCluster, Security
from distributed.versions import VersionMismatchWarning

from ...course import Course
from ...errors import UnusableInput
from .runner import ClusterRunner

_LOCAL: Final = "local"
_SECONDS_TO_CLOSE: Final = 5.0
_SETTINGS: Final = {
    # A submission with the weights of a net is large, and has to be sent nevertheless.
    "distributed.admin.large-graph-warning-threshold": "1 GiB",
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


@contextmanager
def cluster_runner(
    course: Course, where: str, *, wait: float = 60.0, say: Callable[[str], None] = lambda sentence: None
) -> Iterator[ClusterRunner]:
    """Connect to a cluster for the time of a ``with`` statement.

    Parameters
    ----------
    course : Course
    where : str
        The address of a scheduler, such as ``"tcp://10.0.0.1:8786"`` or ``"tls://10.0.0.1:8786"``. Or ``"local"`` for
        workers in this process, one submission at a time for each processor; ``"local:3"`` for three at a time.
    wait : float, default 60
        Seconds to wait for the scheduler and for workers.
    say : callable, optional
        Called with one sentence about each worker that is not used. Nothing is called by default.

    Yields
    ------
    ClusterRunner

    Raises
    ------
    UnusableInput
        When the scheduler cannot be reached, or `where` is neither of both.
    """
    # What dask.distributed logs are steps of its own; what an instructor has to know is said by the grader.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    name, _, number = where.partition(":")
    with dask.config.set(_SETTINGS), warnings.catch_warnings():
        # A table of all versions that differ between machines; `admission` says which machine is not used for that.
        warnings.simplefilter("ignore", VersionMismatchWarning)
        if name != _LOCAL:
            with _connected(where, wait) as client:
                yield ClusterRunner(client, wait=wait, say=say)
            return
        # All in this process: where messages are sent through a port, any user of this machine can send some, too.
        with (
            local_cluster(workers=1, threads=_threads(number, where)) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield ClusterRunner(client, folder=str(course.root), wait=wait, say=say)


def local_cluster(workers: int, threads: int) -> LocalCluster:
    """Start a scheduler and workers in this process; use it as a context manager, which ends them."""
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=threads,
        processes=False,
        # Dask always serves pages; these have no content, at a port that nobody else has, for this machine alone.
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        memory_limit=0,
    )


@contextmanager
def _connected(address: str, wait: float) -> Iterator[Client]:
    try:
        security = Security()  # from Dask's configuration
        if address.startswith("tls:") and not security.get_connection_args("client").get("ssl_context"):
            raise ValueError("there are no certificates in Dask's configuration on this machine")
        client = Client(address, timeout=wait, set_as_default=False, name="grader", security=security)
    # Dask raises OSError where nobody answers, and ValueError, TypeError and others where the address is none.
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise UnusableInput(
            f"no Dask scheduler answers at {address} ({why}); start one with: dask scheduler. See docs/cluster.md."
        ) from None
    try:
        yield client
    finally:
        with suppress(OSError):  # the scheduler does not answer any more; TimeoutError is an OSError
            client.close(timeout=_SECONDS_TO_CLOSE)


def _threads(number: str, where: str) -> int:
    """Return how many submissions ``local:<number>`` means."""
    if not number:
        return os.cpu_count() or 1
    if not number.isdecimal() or int(number) < 1:
        raise UnusableInput(f"--dask {where} is no number of submissions at a time; say for instance --dask local:2.")
    return int(number)
