"""Grade a class on more than one machine, with dask.distributed.

`connection` reaches a cluster, `runner` hands tasks to its workers, `admission` examines each worker before it gets
one, `identity` says what two machines have to have in common, and `worker` and `grading_process` run on the workers.
Only `open_cluster` may be imported where dask.distributed is not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.util import find_spec

from ...course import Course
from ...errors import UnusableInput
from ..task import Runner


def open_cluster(
    course: Course, where: str, *, wait: float, say: Callable[[str], None]
) -> AbstractContextManager[Runner]:
    """Connect to a Dask cluster; see `connection.cluster_runner`.

    Raises
    ------
    UnusableInput
        When dask.distributed is not installed, or there is no such cluster.
    """
    if find_spec("distributed") is None:
        raise UnusableInput("--dask needs dask.distributed; run: pip install distributed")
    from .connection import cluster_runner

    return cluster_runner(course, where, wait=wait, say=say)
