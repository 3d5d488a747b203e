"""Measure, print the table, write JSON, and put the table and the plots into docs/fast_layers.md.

    python -m benchmarks.fast_layers                          everything, with PyTorch where it is installed
    python -m benchmarks.fast_layers --torch-python PYTHON    PyTorch of another environment
    python -m benchmarks.fast_layers --rounds 1 --no-plots    a quick look

Contenders take turns, row by row and round by round, each in a process of its own, so that whatever else the machine is
doing meets all of them. A ratio is taken within a round; the table has medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from . import plots
from .rows import DTYPES, LAYERS, STEP, Row, growing

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "fast_layers" / "results.json"
OTHERS = {"numpy": "NumPy", "torch": "PyTorch"}


class Contender:
    """A worker process that answers one question at a time."""

    def __init__(self, name: str, python: str, threads: int, **environment: str) -> None:
        self.process = subprocess.Popen(
            [python, "-m", "benchmarks.fast_layers.worker", name],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.about = self._answer()

    def ask(self, question: str, row: Row | None, dtype: str) -> dict[str, float]:
        request = {"ask": question, "row": row and row._asdict(), "dtype": dtype}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"benchmarks.fast_layers: {' '.join(self.process.args)} has stopped; see above.")
        return json.loads(line)


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fast_layers", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="how many, at least 1 (default: 7)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each contender (default: all cores)")
    parser.add_argument("--torch-python", default=sys.executable, help="a Python that has PyTorch (default: this one)")
    parser.add_argument("--no-plots", action="store_true", help="only the table; the results in the docs stay")
    parser.add_argument("--redraw", action="store_true", help="measure nothing; print and draw what was measured last")
    asked = parser.parse_args()
    if asked.redraw:
        results = json.loads(RESULTS.read_text())
    else:
        results = run(asked)
        if not asked.no_plots:
            RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    for line in (*table(results), "", *summary(results)):
        print(line)
    if not asked.no_plots:
        document(results, ROOT / "docs" / "fast_layers.md")
        plots.draw(results, ROOT / "docs" / "images")


def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured, as JSON has it."""
    contenders = {name: Contender(name, sys.executable, asked.threads) for name in ("ours", "numpy")}
    has_torch = subprocess.run([asked.torch_python, "-c", "import torch"], capture_output=True).returncode == 0
    if has_torch:
        contenders["torch"] = Contender("torch", asked.torch_python, asked.threads)
    else:
        print(f"{asked.torch_python} has no PyTorch: the table is without it.", file=sys.stderr)
    results: dict[str, Any] = {
        "machine": {"processor": _processor(), "threads": asked.threads, "rounds": asked.rounds},
        "contenders": {name: contender.about for name, contender in contenders.items()},
        "limit": _limits(asked),
        "rows": [],
    }
    cases = [(row, dtype) for dtype in DTYPES for row in LAYERS] + [(STEP, "float32")]
    for row, dtype in track(cases, "layers", console=Console(stderr=True)):
        takes_part = {name: it for name, it in contenders.items() if row.kind != "step" or name != "numpy"}
        rounds = [_round(takes_part, row, dtype, turn) for turn in range(asked.rounds)]
        results["rows"].append({"name": row.name, "dtype": dtype, "flops": row.flops, "rounds": rounds})
    if not asked.no_plots:
        results["growth"] = {}
        for size, rows in track(growing().items(), "growth", console=Console(stderr=True)):
            results["growth"][size] = [
                {
                    "value": value,
                    "flops": row.flops,
                    "rounds": [_round(contenders, row, "float32", t) for t in range(3)],
                }
                for value, row in rows.items()
            ]
    for contender in contenders.values():
        contender.close()
    results["memory"] = dict(_memory(asked, has_torch))
    return results


def _round(contenders: dict[str, Contender], row: Row, dtype: str, turn: int) -> dict[str, dict[str, float]]:
    """One measurement of each, beginning with another one each time."""
    names = list(contenders)
    names = names[turn % len(names) :] + names[: turn % len(names)]
    return {name: contenders[name].ask("measure", row, dtype) for name in names}


def _limits(asked: argparse.Namespace) -> dict[str, float]:
    """The best that a large matrix product reaches, with the kernels OpenBLAS picks and with its AVX-512 ones."""
    best = dict.fromkeys(DTYPES, 0.0)
    for environment in ({}, {"OPENBLAS_CORETYPE": "SkylakeX"} if "avx512f" in _flags() else {}):
        blas = Contender("numpy", sys.executable, asked.threads, **environment)
        for dtype in DTYPES:
            best[dtype] = max(best[dtype], blas.ask("limit", None, dtype)["gflops"])
        blas.close()
    return best


def _memory(asked: argparse.Namespace, has_torch: bool) -> Iterator[tuple[str, dict[str, float]]]:
    """Peak memory of a training step, each in a fresh process."""
    if not Path("/proc/self/clear_refs").exists():
        return
    for name, python in (("ours", sys.executable), ("torch", asked.torch_python))[: 1 + has_torch]:
        contender = Contender(name, python, asked.threads)
        yield name, contender.ask("memory", STEP, "float32")
        contender.close()


def _cpuinfo(field: str) -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")


def _flags() -> list[str]:
    return _cpuinfo("flags").split()


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor()


def ratios(row: dict[str, Any], other: str) -> list[float]:
    """Ours divided by another's, the median over the rounds, for each pass; empty if the other did not take part."""
    rounds = [each for each in row["rounds"] if other in each]
    passes = row["rounds"][0]["ours"] if rounds else ()
    return [float(np.median([each["ours"][name] / each[other][name] for each in rounds])) for name in passes]


def table(results: dict[str, Any]) -> Iterator[str]:
    """In Markdown, which a terminal shows well enough."""
    yield "| ms, forward / backward | dtype | this kit | NumPy | PyTorch | ÷ NumPy | ÷ PyTorch | GFLOP/s |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in results["rows"]:
        passes = list(row["rounds"][0]["ours"])
        cells = [row["name"], row["dtype"]]
        times: list[float] = []
        for who in ("ours", *OTHERS):
            rounds = [each[who] for each in row["rounds"] if who in each]
            medians = [float(np.median([each[name] for each in rounds])) for name in passes] if rounds else []
            cells.append(" / ".join(f"{milliseconds:.3g}" for milliseconds in medians) or "–")
            times = times or medians
        cells += [" / ".join(f"{ratio:.2f}" for ratio in ratios(row, other)) or "–" for other in OTHERS]
        work = (row["flops"], 2 * row["flops"])
        speed = [f"{flops / time / 1e6:.0f}" for flops, time in zip(work, times, strict=False)]
        cells.append(" / ".join(speed) if row["flops"] else "–")
        yield f"| {' | '.join(cells)} |"


def summary(results: dict[str, Any]) -> Iterator[str]:
    """What the table comes to, the limit, and the memory."""
    machine = results["machine"]
    yield f"- {machine['processor']}, {machine['threads']} threads, {machine['rounds']} rounds."
    limit = " and ".join(f"{gflops:.0f} GFLOP/s in {dtype}" for dtype, gflops in results["limit"].items())
    yield f"- The limit, a product of two 2048 × 2048 matrices: {limit}."
    for other, name in OTHERS.items():
        if all_of_them := [ratio for row in results["rows"] for ratio in ratios(row, other)]:
            mean = float(np.exp(np.mean(np.log(all_of_them))))
            yield f"- This kit ÷ {name}: geometric mean {mean:.2f}, largest {max(all_of_them):.2f}."
    for name, megabytes in results["memory"].items():
        yield (
            f"- Peak memory of a training step, {OTHERS.get(name, 'this kit')}: {megabytes['growth']:.0f} MB more than "
            f"before there was a net, {megabytes['total']:.0f} MB with the process."
        )


def document(results: dict[str, Any], page: Path) -> None:
    """Put the table into the page, between its two marks."""
    before, begin, rest = page.read_text("utf-8").partition("<!-- results -->\n")
    _, end, after = rest.partition("<!-- end of results -->\n")
    if not (begin and end):
        raise SystemExit(
            f"benchmarks.fast_layers: {page} has lost its marks <!-- results --> … <!-- end of results -->."
        )
    lines = "\n".join(["", *table(results), "", *summary(results), ""])
    page.write_text(before + begin + lines + "\n" + end + after, "utf-8")


if __name__ == "__main__":
    main()
