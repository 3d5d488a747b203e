"""When a progress bar is shown."""

from __future__ import annotations

from tqdm.auto import tqdm
from tqdm.notebook import tqdm as notebook_tqdm


def bar_hidden() -> bool | None:
    """The value of tqdm's `disable` for a bar that people watch.

    Returns
    -------
    bool or None
        False in a notebook, whose output tqdm takes for a file; None elsewhere: tqdm then hides the bar where output
        goes to a file.
    """
    return False if issubclass(tqdm, notebook_tqdm) else None
