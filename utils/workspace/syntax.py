"""Parse Python without the warnings that Python would print about somebody's code."""

from __future__ import annotations

import ast
import warnings


def parse(source: str, *, runs: bool = False) -> ast.Module:
    """Parse source code.

    Parameters
    ----------
    source : str
    runs : bool, default False
        Also refuse what can be parsed and not be run, such as ``return`` outside of a function.

    Raises
    ------
    SyntaxError
        For all that is not valid Python, also where `ast.parse` raises another error.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source)
            if runs:
                compile(source, "<student's file>", "exec", dont_inherit=True)
            return tree
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or type(error).__name__) from None
