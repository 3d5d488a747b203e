"""Makes a Dask worker slow: with ``--preload`` of this file, it sleeps for SLOW_SECONDS before each submission."""

from __future__ import annotations

import os
import time

from grader.classrun.cluster import worker

_judge = worker._judge


def _judge_later(*arguments: object) -> object:
    time.sleep(float(os.environ["SLOW_SECONDS"]))
    return _judge(*arguments)  # type: ignore[arg-type]


worker._judge = _judge_later  # type: ignore[assignment]
