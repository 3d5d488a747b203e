"""Compute what the explorers' pages show.

    python -m utils.explorers.grids solutions/nndl docs/explorers                 all of it: a quarter of an hour
    python -m utils.explorers.grids solutions/nndl docs/explorers --only dropout
    python -m utils.explorers.grids solutions/nndl docs/explorers --quick         keep the results of training

One file for each explorer, ``weight-scale.json``. The same code gives the same files on the same machine.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from ..app import package_modules
from . import batch_norm, boundary, convolution, dropout, gradient, gradient_flow, optimisers, weight_scale
from .grid import Grid, Modules

GRIDS: dict[str, Grid] = {
    module.GRID.state.name: module.GRID
    for module in (weight_scale, batch_norm, dropout, optimisers, convolution, gradient, boundary, gradient_flow)
}
TRAINING = "training"  # the part that takes minutes


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(prog="python -m utils.explorers.grids", description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="whose code runs: the folder of a package")
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--only", choices=GRIDS, nargs="*", default=list(GRIDS), help="these explorers")
    parser.add_argument("--quick", action="store_true", help="do not train anew; keep what the files say of training")
    asked = parser.parse_args()
    modules = package_modules(asked.package)
    with threadpool_limits(1):  # more threads add up in another order, and round otherwise
        for name in asked.only:
            path = asked.out / f"{name}.json"
            path.write_text(written(GRIDS[name], modules, _kept(path) if asked.quick else {}), "utf-8")


def written(grid: Grid, modules: Modules, kept: dict[str, Any]) -> str:
    """A grid as JSON.

    Parameters
    ----------
    grid : Grid
    modules : callable
        As of `grid.Modules`.
    kept : dict
        The numbers of parts that are not to be computed anew.

    Returns
    -------
    str
        With a line for each state of a part, so that a change can be read.
    """
    parts = []
    for part in grid.parts:
        numbers = kept.get(part.name) or grid.computed(part, modules)
        rows = ",\n".join(_compact(row) for row in numbers)
        parts.append(f'{_compact(part.name)}: {{"controls": {_compact(part.controls)}, "numbers": [\n{rows}\n]}}')
    described = {**grid.described(), "always": grid.always(modules)}
    head = [f"{_compact(key)}: {_compact(value)}" for key, value in described.items()]
    return "{\n" + ",\n".join([*head, '"parts": {\n' + ",\n".join(parts) + "\n}"]) + "\n}\n"


def _kept(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    parts = json.loads(path.read_text("utf-8"))["parts"]
    return {name: part["numbers"] for name, part in parts.items() if name == TRAINING}


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


if __name__ == "__main__":
    main()
