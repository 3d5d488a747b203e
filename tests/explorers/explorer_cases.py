"""What the explorers' tests share: jobs that a test moves by hand, and a page that ticks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from utils.explorers.explorer import Explorer
from utils.explorers.jobs import Jobs, Status


class HandJobs(Jobs):
    """No thread: the test asks for each round itself."""

    def start(self, job: Any) -> Any:
        self._jobs.append(job)
        return job


def finish(explorer: Explorer[Any], jobs: HandJobs, rounds: int = 100_000) -> Status:
    """Keep the page ticking until the explorer's work is over."""
    assert explorer._work.job is not None
    for tick in range(rounds):
        if tick % 50 == 0:
            explorer._heartbeat.tick()
        jobs.round()
        if explorer._work.job.over:
            break
    return explorer._work.job.status


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for the background thread."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def handles_of(picture: str) -> dict[str, Any]:
    """The handles of a picture by their names."""
    told = [json.loads(one) for node in ElementTree.fromstring(picture).iter() if (one := node.get("data-handle"))]
    return {handle["name"]: handle for handle in told}


def ids(picture: str) -> set[str | None]:
    """The ids in an SVG."""
    return {element.get("id") for element in ElementTree.fromstring(picture).iter()}
