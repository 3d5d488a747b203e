"""Makes a Dask worker slow: with ``--preload`` of this file, it sleeps for SLOW_SECONDS before each submission."""

from __future__ import annotations

import os
import time
from typing import Any

from grader.classrun.cluster import worker


class _Later:
    """A function that is called later; Dask may load this file twice, and it should sleep once."""

    def __init__(self, function: Any) -> None:
        self.function = getattr(function, "function", function)

    def __call__(self, *arguments: Any) -> Any:
        time.sleep(float(os.environ["SLOW_SECONDS"]))
        return self.function(*arguments)


worker._judge = _Later(worker._judge)
