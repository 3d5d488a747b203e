"""Does an experiment keep what it has, and show how far it is?"""

from __future__ import annotations

import pytest

from utils import progress
from utils.experiments import run_each


def stopped_at(last):
    """An experiment that somebody stops in the run with this setting."""

    def experiment(setting):
        if setting == last:
            raise KeyboardInterrupt
        return 10 * setting

    return experiment


def test_every_setting_is_run_once_in_order():
    runs = []
    assert run_each(lambda setting: runs.append(setting) or -setting, [3, 1, 3, 2]) == {3: -3, 1: -1, 2: -2}
    assert runs == [3, 1, 2]


def test_what_was_finished_survives_the_stop_button(capsys):
    assert run_each(stopped_at(3), [1, 2, 3, 4], title="scales") == {1: 10, 2: 20}
    assert "scales: stopped after 2 of 4 runs" in capsys.readouterr().out


def test_nothing_to_show_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        run_each(stopped_at(1), [1, 2])


def test_a_mistake_in_a_run_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        run_each(lambda setting: 1 / setting, [1, 0])


def test_no_settings_no_results():
    assert run_each(stopped_at(1), []) == {}


@pytest.mark.parametrize("in_notebook", [True, False])
def test_the_bar_is_shown_in_a_notebook_whose_output_is_no_terminal(monkeypatch, in_notebook):
    """tqdm by itself takes a notebook for a log file, because its output is no terminal."""
    if in_notebook:
        monkeypatch.setattr(progress, "notebook_tqdm", progress.tqdm)
    assert progress.bar_hidden() is (False if in_notebook else None)
