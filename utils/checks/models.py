"""The visible check of a trained net: whether its file holds the right arrays, and how good the net is.

The course says how a net is run. Its table names a function of the given code for each net::

    labels(net, weights, X)  # for a net of the course's design: a label for each example
    scores(net, file, X)     # for one of the student's own design: a score for each example and class
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from utils.errors import DataError, reason

from .child import CallFailed, CallInterrupted, CallLost
from .compare import Array
from .course import Course, course_of
from .examine import CheckInterrupted
from .student_code import NET_SECONDS, StudentCode
from .students_folder import part
from .weights import read_weights, safetensors_dataset


def check_model(
    path: str | os.PathLike[str], data: Mapping[str, Any], net: Callable[..., Any], *, here: bool = False
) -> str:
    """Check the file of a trained net, and measure it on the validation set.

    Parameters
    ----------
    path : path
        As the course's function for saving wrote it: ``"models/best.npz"``; for a net of your own design
        ``"models/best.safetensors"``.
    data : dict
        What the net was trained on: its name as ``"dataset"``, and ``"X_val"`` and ``"y_val"``.
    net : class or function
        Your net, or what builds it; the course says how it is called.
    here : bool, default False
        Whether to run it in this process, and not with limits in one of its own.

    Returns
    -------
    str
        The accuracy, and what it is worth.

    Raises
    ------
    DataError
        In one sentence, when the file is absent, damaged, or not the net that is asked for.
    """
    path = Path(path)
    course = course_of(net)
    name, rule = _rule(path, course)
    accuracy = float(np.mean(_right(path, rule, data, _runner(rule["run"], path, net, here=here))))
    start, stop = rule["from"], rule["to"]
    share = share_of_points(accuracy, start, stop)
    part("state").remember_net(course, name, path, share, f"{accuracy:.1%} on the validation set")
    return (
        f"{'✓' if share == 1 else '·'} {path}: {accuracy:.1%} on the validation set, worth {share:.0%} of the points "
        f"({start:.0%} earns none, {stop:.0%} all; the grader measures it on other examples)."
    )


def share_of_points(accuracy: float, start: float, stop: float) -> float:
    """Return what a trained net earns: nothing up to the accuracy `start`, all from `stop` on, a part in between."""
    return min(max((accuracy - start) / (stop - start), 0.0), 1.0)


def _right(path: Path, rule: Mapping[str, Any], data: Mapping[str, Any], run: Callable[..., Any]) -> Array:
    """Whether a net is right, for each example of the validation set; `run` runs it."""
    try:
        stored = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"There is no model file {path}: train the net and save it.") from None
    except OSError as error:
        raise DataError(f"{path.name} cannot be read ({reason(error)}): save it again.") from error
    X, y = data["X_val"], data["y_val"]
    if "constructor" in rule:
        _same_set(path, safetensors_dataset(stored, path.name), data)
        scores = run(stored, X)
        if wrong := unusable_scores(scores, len(y), rule["classes"]):
            raise DataError(wrong)
        labels = scores.argmax(axis=1)
    else:
        weights, dataset = read_weights(io.BytesIO(stored), path.name)
        for name, shape in rule["shapes"].items():
            seen = weights[name].shape if name in weights else "not there"
            if seen != tuple(shape):
                raise DataError(f"{name} in {path} is {seen}; the net to hand in has {tuple(shape)}.")
        _same_set(path, dataset, data)
        labels = run(weights, X)
    right: Array = labels == y
    return right


def _runner(name: str, path: Path, net: Callable[..., Any], *, here: bool) -> Callable[..., Any]:
    """The function of the course's given code that runs a net, by its full name, with the net already given to it."""
    module = sys.modules.get(net.__module__)
    is_in_file = module is not None and net.__module__ != "__main__" and "<" not in net.__qualname__
    code = StudentCode.of(module, course_of(net).limits) if module and is_in_file and not here else None
    if code is None:
        given, _, function = name.rpartition(".")
        run: Callable[..., Any] = getattr(importlib.import_module(given), function)
        return partial(run, net)
    return partial(_run_apart, code, name, path, net.__qualname__)


def _run_apart(code: StudentCode, runner: str, path: Path, net: str, *args: Any) -> Any:
    """Run a net in a process of its own; whatever it does there is one sentence."""
    try:
        return code.run_net(net, runner, *args)
    except CallFailed as failed:
        if failed.crash.error == DataError.__name__:
            raise DataError(failed.crash.message) from None
        raise DataError(f"{path}: the net cannot be run. {failed.crash}") from None
    except CallLost as lost:
        raise DataError(f"{path}: {code.explain_loss(lost, net, NET_SECONDS)}") from None
    except CallInterrupted as stopped:
        raise CheckInterrupted(str(path), "", stopped) from None


def unusable_scores(scores: object, examples: int, classes: int) -> str:
    """What keeps a net's scores from being counted, in one sentence; ``""`` where nothing does."""
    wanted = (examples, classes)
    if not isinstance(scores, np.ndarray) or scores.dtype.kind != "f":
        return (
            "The net gives no floating-point scores; there has to be one for each class, "
            f"{wanted} for {examples} examples."
        )
    if scores.shape != wanted:
        return f"The net gives scores of shape {scores.shape} for {examples} examples; they have to be {wanted}."
    if not np.isfinite(scores).all():
        return "The net gives scores that are no finite numbers; did the training diverge?"
    return ""


def _same_set(path: Path, dataset: str, data: Mapping[str, Any]) -> None:
    if dataset != str(data["dataset"]):
        raise DataError(
            f"{path} was trained on the set “{dataset}”, but data is “{data['dataset']}”; use the same one."
        )


def _rule(path: Path, course: Course) -> tuple[str, Mapping[str, Any]]:
    """The exercise that a net's file belongs to, and what the course's table says about it."""
    files = {
        name.partition(".")[2] + (".safetensors" if "constructor" in rule else ".npz"): (name, rule)
        for name, rule in course.nets.items()
    }
    if path.name not in files:
        raise DataError(f"No trained net called {path.name} is asked for; the course takes {', '.join(files)}.")
    return files[path.name]
