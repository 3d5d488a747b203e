"""One contender in a process of its own, with its own threads and its own allocator, as its users have it.

Reads a request from each line of its input, and answers each with a line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from . import contenders
from .rows import Row

AT_LEAST = 0.1  # seconds that one pass is repeated for, at least, in each round


def measure(make: Any, row: Row, dtype: str) -> dict[str, float]:
    """Milliseconds of each pass, the quickest of several: what else the machine does can only make one slower."""
    answer = {}
    for name, run in _prepared(make, row, dtype).items():
        run()
        times: list[float] = []
        while sum(times) < AT_LEAST:
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        answer[name] = 1e3 * min(times)
    return answer


@lru_cache(maxsize=1)  # the rounds of a row follow each other
def _prepared(make: Any, row: Row, dtype: str) -> contenders.Passes:
    return make(row, dtype)


def memory(make: Any, row: Row, dtype: str) -> dict[str, float]:
    """Peak resident megabytes of ten steps: above what the process has before there is a net, and altogether."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _status("VmRSS")
    step = make(row, dtype)["forward"]
    for _ in range(10):
        step()
    return {"growth": _status("VmHWM") - before, "total": _status("VmHWM")}


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def limit(dtype: str) -> dict[str, float]:
    """GFLOP/s of a product of two 2048 × 2048 matrices by NumPy's BLAS."""
    a = np.random.default_rng(0).normal(size=(2048, 2048)).astype(dtype)
    best = 0.0
    for _ in range(30):
        start = time.perf_counter()
        a @ a
        best = max(best, 2 * 2048**3 / (time.perf_counter() - start) / 1e9)
    return {"gflops": best}


def main() -> None:
    """Answer until the input ends."""
    make = getattr(contenders, sys.argv[1])
    if sys.argv[1] == "torch":
        import torch

        print(json.dumps({"version": torch.__version__}), flush=True)
    elif sys.argv[1] == "ours":
        from utils import fast_layers, _fast_layers  # noqa: I001  the first says what is wrong if there is no second

        print(json.dumps({"backend": fast_layers.BACKEND, "instructions": _fast_layers.in_use()}), flush=True)
    else:
        print(json.dumps({"version": np.__version__}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if request["ask"] == "limit":
            answer = limit(request["dtype"])
        else:
            row = Row(**{**request["row"], "x": tuple(request["row"]["x"]), "w": tuple(request["row"]["w"])})
            answer = {"measure": measure, "memory": memory}[request["ask"]](make, row, request["dtype"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
