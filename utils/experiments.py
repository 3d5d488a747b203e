"""Run an experiment over many settings: with the time that is left, and with what it has when it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from typing import TypeVar

from tqdm.auto import tqdm

from utils.progress import bar_hidden

Setting = TypeVar("Setting", bound=Hashable)
Result = TypeVar("Result")


def run_each(
    experiment: Callable[[Setting], Result], settings: Collection[Setting], title: str = "runs"
) -> dict[Setting, Result]:
    """Run an experiment once for each setting, under a bar with the time left.

    The stop button (or Ctrl-C) ends it early without losing anything: the runs that were finished are returned,
    and the cell goes on to draw them. The run that was stopped half-way is not among them.

    Parameters
    ----------
    experiment : callable
        ``experiment(setting)`` returns whatever a run has to show: an accuracy, a solver.
    settings : collection of hashable
        What the runs differ in. One that appears twice is run once.
    title : str, default "runs"
        Stands beside the bar.

    Returns
    -------
    dict
        The result of every finished run by its setting, in the order they were run.

    Raises
    ------
    KeyboardInterrupt
        If it is stopped before the first run has finished: then there is nothing to show.

    Examples
    --------
    >>> run_each(lambda base: base**2, [2, 3], title="squares")
    {2: 4, 3: 9}
    """
    results: dict[Setting, Result] = {}
    todo = list(dict.fromkeys(settings))
    with tqdm(total=len(todo), desc=title, unit="run", leave=False, disable=bar_hidden()) as bar:
        for setting in todo:
            try:
                results[setting] = experiment(setting)
            except KeyboardInterrupt:
                if not results:
                    raise
                tqdm.write(f"{title}: stopped after {len(results)} of {len(todo)} runs; what follows shows these.")
                break
            bar.update()
    return results
