"""The table of one's own numbers beside known ones."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from utils import known_values
from utils.known_values import show_known_values


def test_the_example_in_the_docstring():
    assert doctest.testmod(known_values).failed == 0


def test_few_numbers_are_shown_in_full_and_many_by_their_ends(capsys):
    table = np.linspace(0.5, 1.5, 6).reshape(2, 3)
    show_known_values({"mean": 3.25, "table": table}, {"mean": 3.5, "table": table + np.array([0, 0, 1e-3]), "more": 1})
    header, mean, shown = capsys.readouterr().out.splitlines()
    assert header.split() == ["known", "yours", "relative", "error"]
    assert mean.split() == ["mean", "3.25", "3.5", "3.7e-02"]
    assert shown.split() == ["table", "0.5", "…", "1.5", "0.5", "…", "1.501", "5.6e-04"]  # 0.001 / (0.9 + 0.901)
    assert header.index("yours") == mean.index("3.5") == shown.rindex("0.5 …")


def test_a_name_that_is_missing_and_a_shape_that_differs_are_told():
    with pytest.raises(ValueError, match="no 'velocity' among your values, only 'w'"):
        show_known_values({"velocity": 1.0}, {"w": 1.0})
    with pytest.raises(ValueError, match=r"Your w has shape \(1, 2\); the known values have shape \(2,\)"):
        show_known_values({"w": [1.0, 2.0]}, {"w": [[1.0, 2.0]]})
