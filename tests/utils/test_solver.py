"""The solver: what it prints, keeps, refuses, and leaves behind when it is stopped."""

import sys
import types

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from utils.solver import Solver, blas_at_rest


class Linear:
    """Softmax regression: the smallest model the solver takes."""

    def __init__(self, features=5, classes=3):
        self.params = {"W": 0.01 * np.random.randn(features, classes), "b": np.zeros(classes)}

    def loss(self, X, y=None):
        scores = X @ self.params["W"] + self.params["b"]
        if y is None:
            return scores
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        p /= len(y)
        return loss, {"W": X.T @ p, "b": p.sum(axis=0)}


def sgd(w, dw, config=None):
    config = config or {}
    config.setdefault("learning_rate", 1e-2)
    w -= config["learning_rate"] * dw  # in place, as the course's own sgd
    return w, config


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(130, 5))
    y = np.argmax(X[:, :3], axis=1)
    return {"X_train": X[:90], "y_train": y[:90], "X_val": X[90:], "y_val": y[90:], "dataset": "offline"}


def solver(data, **options):
    options = {"update_rule": sgd, "optim_config": {"learning_rate": 0.5}, "batch_size": 20, "verbose": False} | options
    np.random.seed(0)
    return Solver(Linear(), data, **options)


def test_it_learns(data):
    run = solver(data)
    run.train()
    assert run.val_acc_history[-1] > 0.9
    assert run.loss_history[-1] < run.loss_history[0]
    assert len(run.loss_history) == 10 * (90 // 20)
    assert len(run.train_acc_history) == len(run.val_acc_history) == 11
    assert run.epoch == 10


def test_the_lines_it_prints(data, capsys):
    run = solver(data, verbose=True, num_epochs=2, print_every=3)
    run.train()
    lines = capsys.readouterr().out.splitlines()
    accuracies = list(zip(run.train_acc_history, run.val_acc_history, strict=True))

    def iteration(t):
        return f"(Iteration {t} / 8) loss: {run.loss_history[t - 1]:f}"

    def epoch(n):
        return f"(Epoch {n} / 2) train acc: {accuracies[n][0]:f}; val_acc: {accuracies[n][1]:f}"

    assert lines == [iteration(1), epoch(0), iteration(4), epoch(1), iteration(7), epoch(2)]


def test_silent_when_not_verbose(data, capsys):
    solver(data).train()
    printed = capsys.readouterr()
    assert printed.out == printed.err == ""


def test_a_seed_repeats_a_run(data):
    first, second = (solver(data, num_train_samples=30, num_val_samples=20) for _ in range(2))
    np.random.seed(3)
    first.train()
    np.random.seed(3)
    second.train()
    assert first.loss_history == second.loss_history
    assert first.train_acc_history == second.train_acc_history


def test_best_params_are_those_of_the_best_epoch_and_not_shared(data):
    run = solver(data, num_epochs=6)
    seen = []
    record = run._record_accuracy

    def spy():
        record()
        seen.append({name: w.copy() for name, w in run.model.params.items()})

    run._record_accuracy = spy
    run.train()
    best = seen[int(np.argmax(run.val_acc_history))]
    for name in best:
        np.testing.assert_array_equal(run.best_params[name], best[name])
        np.testing.assert_array_equal(run.model.params[name], best[name])
        assert not np.shares_memory(run.best_params[name], run.model.params[name])


def test_the_learning_rate_decays_once_an_epoch_for_every_parameter(data):
    config = {"learning_rate": 0.5}
    run = solver(data, optim_config=config, lr_decay=0.5, num_epochs=3)
    run.train()
    assert [c["learning_rate"] for c in run.optim_configs.values()] == [0.0625, 0.0625]
    assert config == {"learning_rate": 0.5}  # the caller's own dict is left alone


def test_check_accuracy(data):
    run = solver(data)
    run.train()
    right = np.mean(np.argmax(run.model.loss(data["X_val"]), axis=1) == data["y_val"])
    assert run.check_accuracy(data["X_val"], data["y_val"], batch_size=7) == pytest.approx(right)
    assert run.check_accuracy(data["X_val"], data["y_val"], num_samples=1000) == pytest.approx(right)


def test_a_training_set_smaller_than_a_batch_is_one_iteration_an_epoch(data):
    run = solver(data, batch_size=200, num_epochs=4)
    run.train()
    assert len(run.loss_history) == 4


@pytest.mark.parametrize("stop_at", [1, 7])
def test_an_interrupt_keeps_what_was_reached_and_goes_through(data, stop_at, capsys):
    run = solver(data, verbose=True)
    calls = []

    def interrupted(w, dw, config):
        calls.append(1)
        if len(calls) == 2 * stop_at:  # in the middle of an update: two parameters, the second of them
            raise KeyboardInterrupt
        return sgd(w, dw, config)

    run.update_rule = interrupted
    with pytest.raises(KeyboardInterrupt):
        run.train()
    assert len(run.loss_history) == stop_at
    assert "Interrupted in epoch" in capsys.readouterr().out
    if stop_at > 1:
        assert len(run.val_acc_history) == 2
        for name, w in run.best_params.items():
            np.testing.assert_array_equal(run.model.params[name], w)
    run.update_rule = sgd
    run.train()
    assert run.best_val_acc > 0.8


def test_checkpoints_hold_weights_and_histories_and_no_pickles(data, tmp_path):
    run = solver(data, num_epochs=2, checkpoint_name=tmp_path / "runs" / "linear")
    run.train()
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["linear_epoch_1.npz", "linear_epoch_2.npz"]
    with np.load(tmp_path / "runs" / "linear_epoch_1.npz", allow_pickle=False) as saved:
        assert saved["W"].shape == (5, 3)
        assert saved["epoch"] == 1
        np.testing.assert_array_equal(saved["val_acc_history"], run.val_acc_history[:2])
        np.testing.assert_array_equal(saved["loss_history"], run.loss_history[:4])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"learning_rate_decay": 0.9}, "Solver has no option 'learning_rate_decay'"),
        ({"num_epoch": 3}, "did you mean 'num_epochs'?"),
        ({"update_rule": 3}, "update_rule is a int"),
    ],
)
def test_a_wrong_option_is_named(data, options, sentence):
    with pytest.raises(TypeError) as error:
        solver(data, **options)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"X_val": None}, "no 'X_val'"),
        ({"X_train": np.empty((0, 5)), "y_train": np.empty(0, int)}, "X_train is empty"),
        ({"y_train": np.zeros(89, int)}, "X_train has 90 images but y_train has shape (89,)"),
        ({"y_val": np.zeros((40, 1), int)}, "y_val has shape (40, 1)"),
    ],
)
def test_unusable_data_is_refused_before_training(data, change, sentence):
    changed = {key: value for key, value in (data | change).items() if value is not None}
    with pytest.raises(ValueError, match="X") as error:
        solver(changed)
    assert sentence in str(error.value)


@pytest.mark.parametrize("option", ["batch_size", "num_epochs", "print_every"])
def test_counts_are_at_least_one(data, option):
    with pytest.raises(ValueError, match=f"{option} is 0"):
        solver(data, **{option: 0})


@pytest.fixture
def kit(monkeypatch):
    """A package ``kit`` with an ``optim`` module and a model."""
    package, optim, nets = types.ModuleType("kit"), types.ModuleType("kit.optim"), types.ModuleType("kit.nets")
    package.__path__ = []
    source = (
        "def sgd(w, dw, config=None): return w, config or {}\ndef adam(w, dw, config=None): ...\ndef _hidden(): ..."
    )
    exec("from os.path import join\n" + source, optim.__dict__)
    nets.Net = type("Net", (Linear,), {"__module__": "kit.nets"})
    for module in (package, optim, nets):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return types.SimpleNamespace(optim=optim, Net=nets.Net)


@pytest.mark.parametrize(
    ("shape", "batch_size", "rests"),
    [((2, 3, 1, 1), 10**9, True), ((3072, 200), 100, True), ((3072, 200), 200, False)],
    ids=["convolutional", "small", "large"],
)
def test_the_blas_rests_while_a_convolutional_or_small_net_works(shape, batch_size, rests):
    model = types.SimpleNamespace(params={"W1": np.zeros(shape), "b1": np.zeros(2)})
    with threadpool_limits(3, user_api="blas"):
        before = _blas_threads()
        with blas_at_rest(model, batch_size):
            inside = _blas_threads()
        after = _blas_threads()
    assert before == after
    assert inside == ({1} if rests else before)


def _blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_a_name_is_looked_up_beside_the_model(data, kit):
    assert Solver(kit.Net(), data, update_rule="sgd").update_rule is kit.optim.sgd


def test_a_subclass_in_a_notebook_finds_the_rules_of_its_base(data, kit):
    own = type("Own", (kit.Net,), {"__module__": "__main__"})
    assert Solver(own(), data, update_rule="adam").update_rule is kit.optim.adam


@pytest.mark.parametrize("name", ["adamm", "_hidden", "join"])
def test_an_unknown_rule_lists_the_known_ones(data, kit, name):
    with pytest.raises(ValueError, match=rf"no update rule '{name}' in kit.optim: it has 'adam', 'sgd'\.$"):
        Solver(kit.Net(), data, update_rule=name)


def test_a_model_without_a_package_needs_a_function(data):
    class Local(Linear):
        pass

    Local.__module__ = Linear.__module__ = "__main__"
    with pytest.raises(ValueError, match="hand the update rule over as a function"):
        Solver(Local(), data, update_rule="sgd")


def test_an_import_error_inside_optim_is_not_swallowed(data, tmp_path, monkeypatch):
    (tmp_path / "broken_kit").mkdir()
    (tmp_path / "broken_kit" / "__init__.py").touch()
    (tmp_path / "broken_kit" / "optim.py").write_text("import not_installed_anywhere\n")
    monkeypatch.syspath_prepend(tmp_path)
    net = type("Net", (Linear,), {"__module__": "broken_kit.nets"})()
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        Solver(net, data, update_rule="sgd")
