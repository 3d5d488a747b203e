"""Name an input of a case so that a student knows which one is meant."""

from __future__ import annotations

from collections.abc import Iterable

ORDINALS = ("first", "second", "third", "fourth")


def input_name(path: str, paths: Iterable[str]) -> str:
    """Return the name of an input: the last part of its path, unless several inputs share that.

    Parameters
    ----------
    path : str
        Where it stands: ``"conv_param.stride"``.
    paths : iterable of str
        Where all inputs of the case stand.

    Returns
    -------
    str
        ``""`` where the name would be taken for that of a parameter of the net: a case that stands in for a part of the
        net may hold other numbers by the same names, which a student does not see.

    Examples
    --------
    >>> input_name("conv_param.stride", ["x", "conv_param.stride"])
    'stride'
    >>> input_name("second.eps", ["first.eps", "second.eps"])
    'the second eps'
    >>> input_name("pull.W1", ["params.W1", "pull.W1"])
    ''
    """
    name = path.rpartition(".")[2]
    alike = [one for one in paths if one.rpartition(".")[2] == name]
    if len(alike) < 2 or path not in alike:
        return name
    if f"params.{name}" in alike:
        return name if path == f"params.{name}" else ""
    index = alike.index(path)
    return f"the {ORDINALS[index]} {name}" if index < len(ORDINALS) else ""
