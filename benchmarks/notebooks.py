"""What the notebooks reach with the reference, and how long they take: the tables of docs/accuracy.md.

    python -m benchmarks.notebooks                  every notebook, on the offline set
    python -m benchmarks.notebooks --data FOLDER    on CIFAR-10
    python -m benchmarks.notebooks hw5/CNN          one of them

Each notebook runs from top to bottom, as a student runs it, with the reference in the place of the stubs. What was
measured goes into ``benchmarks/notebooks.json``, and from there into docs/accuracy.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from nbclient.exceptions import CellExecutionError

from grader.course import load
from grader.release.execute import run_notebook

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "benchmarks" / "notebooks.json"
PAGE = ROOT / "docs" / "accuracy.md"
BEGIN, END = "<!-- {}: written by benchmarks/notebooks.py -->", "<!-- end of {} -->"
SETS = {"cifar10": "CIFAR-10", "offline": "offline set"}


class Target(NamedTuple):
    """A figure that the course wants reached.

    Attributes
    ----------
    notebook, what : str
        Where, and by what.
    wanted : str
        The course's figure.
    values : tuple of str
        Expressions in the notebook's names: accuracies from 0 to 1. The first is the one that is wanted; a second one
        is the accuracy on the test set.
    """

    notebook: str
    what: str
    wanted: str
    values: tuple[str, ...]


TARGETS = (
    Target("hw3/two_layer_nn", "two-layer net, poor settings", "28–29 %", ("poor_accuracy",)),
    Target(
        "hw3/two_layer_nn",
        "two-layer net, tuned, 50 hidden units",
        "≥ 50 %",
        ("best_accuracy", "np.mean(best_net.predict(X_test) == y_test)"),
    ),
    Target("hw3/FC_nets", "fully connected, 200 hidden units", "≥ 50 %", ("solver.best_val_acc",)),
    Target(
        "hw3/FC_nets",
        "overfit 50 images, three layers (training)",
        "100 % by epoch 20",
        ("max(three.train_acc_history)",),
    ),
    Target(
        "hw3/FC_nets",
        "overfit 50 images, five layers (training)",
        "100 % by epoch 20",
        ("max(five.train_acc_history)",),
    ),
    Target("hw4/Optimization", "best fully connected net", "≥ 50–55 %", ("best_solver.best_val_acc", "test_accuracy")),
    Target("hw4/Dropout", "best net with dropout", "≥ 50 %", ("best_solver.best_val_acc", "test_accuracy")),
    Target("hw5/CNN", "overfit 100 images (training)", "≥ 98 %", ("max(overfit.train_acc_history)",)),
    Target("hw5/CNN", "three-layer CNN, one epoch", "49.9 % at UCLA; see below", ("one_epoch.best_val_acc",)),
    Target("hw5/CNN", "best CNN", "> 65 %", ("best_solver.best_val_acc", "test_accuracy")),
    Target("hw6/PyTorch", "two-layer net of tensors, one epoch", "≥ 40 %", ('two_layer["val_acc"][-1]',)),
    Target("hw6/PyTorch", "three-layer ConvNet of tensors, one epoch", "≥ 42 %", ('bare["val_acc"][-1]',)),
    Target("hw6/PyTorch", "two-layer net as a module, one epoch", "≥ 40 %", ('two_layer_module["val_acc"][-1]',)),
    Target("hw6/PyTorch", "ConvNet as a module, one epoch", "≥ 45 %", ('module["val_acc"][-1]',)),
    Target("hw6/PyTorch", "two-layer net as a list, one epoch", "≥ 40 %", ('two_layer_sequential["val_acc"][-1]',)),
    Target("hw6/PyTorch", "ConvNet as a list, one epoch", "≥ 55 %", ('sequential["val_acc"][-1]',)),
    Target("hw6/PyTorch", "open-ended net", "≥ 70 % in 10 epochs", ("best_val", "best_test")),
)


def measure(path: str, data: str, threads: int) -> dict[str, object]:
    """Run one notebook; its times in seconds, and its figures by what reaches them."""
    course = load(ROOT)
    in_assignment, name = path.split("/")
    notebook = next(notebook for notebook in course[in_assignment].notebook if notebook.name == name)
    wanted = {
        f"{target.what}, {part}": value
        for target in TARGETS
        if target.notebook == path
        for part, value in zip(("validation", "test"), target.values, strict=False)
    }

    def on_cell(done: int, cells: int) -> None:
        sys.stderr.write(f"\r{path}: cell {done} of {cells} ")

    with tempfile.TemporaryDirectory() as folder:
        run = run_notebook(
            course,
            course[in_assignment],
            notebook,
            Path(folder),
            environment={"NNDL_DATA": data},
            threads=threads,
            numbers=False,
            values=wanted,
            on_cell=on_cell,
        )
    sys.stderr.write("\n")
    return {
        "seconds": round(run.seconds),
        "processor_seconds": round(run.processor_seconds),
        "figures": {name: round(value, 4) for name, value in run.values.items()},
    }


def tables(record: dict[str, dict[str, dict[str, object]]]) -> dict[str, str]:
    """The two tables of docs/accuracy.md, in Markdown."""
    reached = ["| | wanted | " + " | ".join(SETS.values()) + " |", "|---|---|" + "---|" * len(SETS)]
    for target in TARGETS:
        cells = []
        for name in SETS:
            figures = record.get(name, {}).get(target.notebook, {}).get("figures", {})
            assert isinstance(figures, dict)
            validation, test = (figures.get(f"{target.what}, {part}") for part in ("validation", "test"))
            cell = "not run" if validation is None else f"{100 * validation:.1f} %"
            cells.append(cell if test is None else f"{cell} ({100 * test:.1f} % test)")
        reached.append(f"| {target.what} ({target.notebook}) | {target.wanted} | {' | '.join(cells)} |")

    took = ["| notebook | " + " | ".join(SETS.values()) + " |", "|---|" + "---|" * len(SETS)]
    for path in sorted({path for runs in record.values() for path in runs}):
        cells = [
            f"{run['seconds']} s ({run['processor_seconds']} s)"
            if (run := record.get(name, {}).get(path))
            else "not run"
            for name in SETS
        ]
        took.append(f"| {path} | {' | '.join(cells)} |")
    return {"targets": "\n".join(reached), "times": "\n".join(took)}


def page(text: str, record: dict[str, dict[str, dict[str, object]]]) -> str:
    """The page with its tables made anew."""
    for name, table in tables(record).items():
        head, _, rest = text.partition(BEGIN.format(name))
        _, _, tail = rest.partition(END.format(name))
        text = f"{head}{BEGIN.format(name)}\n{table}\n{END.format(name)}{tail}"
    return text


def main() -> int:
    """Measure what the command line names, and write it down."""
    every = [
        f"{assignment.name}/{notebook.name}" for assignment in load(ROOT).assignment for notebook in assignment.notebook
    ]
    parser = argparse.ArgumentParser(description="What the notebooks reach with the reference, and how long they take.")
    parser.add_argument("notebooks", nargs="*", choices=[*every, []], metavar="hw5/CNN", help="all of them by default")
    parser.add_argument("--data", default="offline", help="a folder with CIFAR-10; the offline set by default")
    parser.add_argument("--threads", type=int, default=1, help="for matrix products and PyTorch; 1 by default")
    arguments = parser.parse_args()

    failed = 0
    for path in arguments.notebooks or every:
        try:
            measured = measure(path, arguments.data, arguments.threads)
        except CellExecutionError as error:
            print(f"\n{path} did not run to its end:\n{error}", file=sys.stderr)
            failed = 1
            continue
        print(path, json.dumps(measured), flush=True)
        record = json.loads(RECORD.read_text("utf-8")) if RECORD.is_file() else {}  # another run may have written it
        record.setdefault("offline" if arguments.data == "offline" else "cifar10", {})[path] = measured
        RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", "utf-8")
        PAGE.write_text(page(PAGE.read_text("utf-8"), record), "utf-8")
    return failed


if __name__ == "__main__":
    sys.exit(main())
