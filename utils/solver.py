"""The training loop that every model of the course shares."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from utils.model_files import write_npz
from utils.progress import bar_hidden

Array = NDArray[Any]
UpdateRule = Callable[[Array, Array, dict[str, Any]], tuple[Array, dict[str, Any]]]

# Multiplications in the largest layer, for one minibatch, below which a second thread of the BLAS does not pay: 100
# images of CIFAR-10 into 200 units are just below, 200 images are above.
SMALL_WORK = 2**26


class Model(Protocol):
    """What the solver needs of a net."""

    params: dict[str, Array]

    def loss(self, X: Array, y: Array | None = None) -> Any:
        """Scores ``(N, C)`` when ``y`` is None, else ``(loss, grads)``, a gradient for every parameter."""


class Solver:
    """Train a model by minibatch gradient descent and keep the weights that did best on the validation set.

    Parameters
    ----------
    model : object
        Has ``params``, a dict of arrays, and ``loss(X, y=None)``: scores ``(N, C)`` without labels, otherwise
        ``(loss, grads)`` where ``grads`` has an array for every entry of ``params``.
    data : dict
        ``X_train (N, ...)``, ``y_train (N,)``, ``X_val``, ``y_val``; other entries are left alone.
    update_rule : str or callable, default "sgd"
        ``rule(w, dw, config) -> (next_w, config)``, or the name of one in the ``optim`` module that stands
        beside the model's own.
    optim_config : dict, optional
        Hyperparameters of the update rule, such as ``{"learning_rate": 1e-3}``. Every parameter gets a copy.
    lr_decay : float, default 1.0
        The learning rate is multiplied by this after every epoch.
    batch_size, num_epochs : int, default 100 and 10
        Images in a minibatch, drawn with replacement; passes over the training set.
    print_every : int, default 10
        Iterations between two lines with the loss.
    verbose : bool, default True
        Print the progress, with a bar and the time left below it.
    num_train_samples : int or None, default 1000
        Training images to estimate the training accuracy with; None takes all.
    num_val_samples : int or None, default None
        The same for the validation set.
    checkpoint_name : str or path, optional
        Write ``<checkpoint_name>_epoch_<n>.npz`` (weights and histories) after every epoch.

    Attributes
    ----------
    loss_history : list of float
        The minibatch loss of every iteration.
    train_acc_history, val_acc_history : list of float
        Accuracies after the first iteration and after every epoch.
    best_params : dict of str to ndarray
        A copy of the weights with the best validation accuracy so far.
    best_val_acc : float
    epoch : int
        Epochs finished.

    Raises
    ------
    TypeError, ValueError
        If an option is unknown, or the model, the data or the update rule is not usable.

    Notes
    -----
    Everything random comes from numpy's global generator: ``np.random.seed`` repeats a run. After an
    interrupt (the stop button, Ctrl-C) the histories and ``best_params`` stay, and the model holds
    ``best_params``; calling ``train`` again trains on from there.
    """

    def __init__(
        self,
        model: Model,
        data: Mapping[str, Any],
        update_rule: str | UpdateRule = "sgd",
        optim_config: Mapping[str, Any] | None = None,
        lr_decay: float = 1.0,
        batch_size: int = 100,
        num_epochs: int = 10,
        print_every: int = 10,
        verbose: bool = True,
        num_train_samples: int | None = 1000,
        num_val_samples: int | None = None,
        checkpoint_name: str | None = None,
        **unknown: object,
    ) -> None:
        if unknown:
            raise TypeError(_unknown_option(next(iter(unknown))))
        counts = {"batch_size": batch_size, "num_epochs": num_epochs, "print_every": print_every}
        for name, value in counts.items():
            if value < 1:
                raise ValueError(f"{name} is {value}: it must be 1 or more.")
        self.model = model
        self.X_train, self.y_train = _images_and_labels(data, "train")
        self.X_val, self.y_val = _images_and_labels(data, "val")
        self.update_rule = find_update_rule(update_rule, model)
        self.lr_decay = lr_decay
        self.batch_size = batch_size
        self.num_epochs = num_epochs
        self.print_every = print_every
        self.verbose = verbose
        self.num_train_samples = num_train_samples
        self.num_val_samples = num_val_samples
        self.checkpoint_name = checkpoint_name

        self.epoch = 0
        self.best_val_acc = 0.0
        self.best_params: dict[str, Array] = {}
        self.loss_history: list[float] = []
        self.train_acc_history: list[float] = []
        self.val_acc_history: list[float] = []
        self.optim_configs = {name: dict(optim_config or {}) for name in model.params}

    def train(self) -> None:
        """Run ``num_epochs`` epochs; at the end the model holds the best weights that were seen."""
        per_epoch = max(len(self.X_train) // self.batch_size, 1)
        iterations = self.num_epochs * per_epoch
        hidden = bar_hidden() if self.verbose else True
        bar = tqdm(total=iterations, desc="training", unit="it", leave=False, disable=hidden)
        try:
            with blas_at_rest(self.model, self.batch_size):
                self._iterate(iterations, per_epoch, bar)
        except KeyboardInterrupt:
            self._say(f"Interrupted in epoch {self.epoch + 1}: the histories and best_params are kept.")
            raise  # so that a loop over hyperparameters, or Run All, stops too
        finally:
            bar.close()
            for name, best in self.best_params.items():
                self.model.params[name] = best.copy()

    def check_accuracy(self, X: Array, y: Array, num_samples: int | None = None, batch_size: int = 100) -> float:
        """Fraction of images that the model labels right.

        Parameters
        ----------
        X : ndarray of shape (N, ...)
        y : ndarray of shape (N,)
        num_samples : int or None, default None
            Judge by that many images drawn at random with replacement, if there are more.
        batch_size : int, default 100
            Images per forward pass, to bound the memory.

        Returns
        -------
        float
            Between 0 and 1.
        """
        if num_samples is not None and len(X) > num_samples:
            chosen = np.random.choice(len(X), num_samples)
            X, y = X[chosen], y[chosen]
        right = 0
        for start in range(0, len(X), batch_size):
            scores = self.model.loss(X[start : start + batch_size])
            right += int(np.sum(np.argmax(scores, axis=1) == y[start : start + batch_size]))
        return right / len(X)

    def _iterate(self, iterations: int, per_epoch: int, bar: Any) -> None:
        """All iterations, with what is due after some of them."""
        for t in range(iterations):
            self._step()
            bar.update()
            if t % self.print_every == 0:
                self._say(f"(Iteration {t + 1} / {iterations}) loss: {self.loss_history[-1]:f}")
            epoch_ends = (t + 1) % per_epoch == 0
            if epoch_ends:
                self._end_epoch()
            if t == 0 or epoch_ends:
                self._record_accuracy()
            if epoch_ends and self.checkpoint_name is not None:
                self._save_checkpoint()

    def _step(self) -> None:
        """One minibatch, one update of every parameter."""
        chosen = np.random.choice(len(self.X_train), self.batch_size)
        loss, grads = self.model.loss(self.X_train[chosen], self.y_train[chosen])
        self.loss_history.append(float(loss))
        for name, w in self.model.params.items():
            self.model.params[name], self.optim_configs[name] = self.update_rule(
                w, grads[name], self.optim_configs[name]
            )

    def _end_epoch(self) -> None:
        self.epoch += 1
        for config in self.optim_configs.values():
            if "learning_rate" in config:
                config["learning_rate"] *= self.lr_decay

    def _record_accuracy(self) -> None:
        train_acc = self.check_accuracy(self.X_train, self.y_train, self.num_train_samples)
        val_acc = self.check_accuracy(self.X_val, self.y_val, self.num_val_samples)
        self.train_acc_history.append(train_acc)
        self.val_acc_history.append(val_acc)
        self._say(f"(Epoch {self.epoch} / {self.num_epochs}) train acc: {train_acc:f}; val_acc: {val_acc:f}")
        if not self.best_params or val_acc > self.best_val_acc:
            self.best_val_acc = val_acc
            # copies: an update rule may work in place
            self.best_params = {name: np.array(w) for name, w in self.model.params.items()}

    def _save_checkpoint(self) -> None:
        histories: dict[str, Any] = {
            "epoch": self.epoch,
            "loss_history": self.loss_history,
            "train_acc_history": self.train_acc_history,
            "val_acc_history": self.val_acc_history,
        }
        write_npz(f"{self.checkpoint_name}_epoch_{self.epoch}.npz", {**self.model.params, **histories})

    def _say(self, line: str) -> None:
        if self.verbose:
            tqdm.write(line)  # above the bar, which a bare print would tear


@contextmanager
def blas_at_rest(model: Model, batch_size: int) -> Iterator[None]:
    """While a convolutional net or a small one works, NumPy's BLAS has one thread.

    Convolutions have threads of their own. Those of the BLAS spin for milliseconds after each affine layer, on the
    processors that the convolution needs next: with them a step of ``ThreeLayerConvNet`` takes 7.5 or 13 ms, as they
    happen to meet; without, 9 ms each time.

    In a small net there is little to share, and where other processes want the processors, too, the threads wait for
    each other: on such a machine a step of six layers of 100 units on 50 images took 2.6 ms with one thread and 14 ms
    with two. A seeded run in one thread also gives the same figures however many processors there are.
    """
    convolutional = any(w.ndim == 4 for w in model.params.values())
    small = batch_size * max((w.size for w in model.params.values()), default=0) < SMALL_WORK
    with threadpool_limits(1 if convolutional or small else None, user_api="blas"):
        yield


def find_update_rule(rule: str | UpdateRule, model: object) -> UpdateRule:
    """The update rule of that name in the ``optim`` module beside the model's class; a callable is its own.

    ``nndl.fc_net.TwoLayerNet`` finds its rules in ``nndl.optim``. A class written in a notebook that extends
    one of the package finds them where its base class does.

    Raises
    ------
    TypeError
        If ``rule`` is neither a name nor callable.
    ValueError
        If there is no rule of that name, or no module to look in.
    """
    if callable(rule):
        return rule
    if not isinstance(rule, str):
        raise TypeError(f"update_rule is a {type(rule).__name__}: give a name such as 'sgd', or a function.")
    for cls in type(model).__mro__:
        package = cls.__module__.rpartition(".")[0]
        if not package:
            continue
        try:
            optim = importlib.import_module(f"{package}.optim")
        except ModuleNotFoundError as error:
            if error.name != f"{package}.optim":
                raise
            continue
        known = {
            name: value
            for name, value in inspect.getmembers(optim, inspect.isfunction)
            if value.__module__ == optim.__name__ and not name.startswith("_")
        }
        if rule not in known:
            raise ValueError(f"There is no update rule {rule!r} in {package}.optim: it has {_listed(known)}.")
        found: UpdateRule = known[rule]
        return found
    raise ValueError(
        f"{type(model).__name__} does not come from a package with an optim module to look {rule!r} up in: "
        "hand the update rule over as a function."
    )


def _images_and_labels(data: Mapping[str, Any], part: str) -> tuple[Array, Array]:
    for key in (f"X_{part}", f"y_{part}"):
        if key not in data:
            raise ValueError(f"The data has no {key!r}, only {_listed(data)}: Solver needs X and y for train and val.")
    X, y = np.asarray(data[f"X_{part}"]), np.asarray(data[f"y_{part}"])
    if len(X) == 0:
        raise ValueError(f"X_{part} is empty: there is nothing to {'train' if part == 'train' else 'validate'} on.")
    if y.shape != (len(X),):
        raise ValueError(f"X_{part} has {len(X)} images but y_{part} has shape {y.shape}: give one label per image.")
    return X, y


def _unknown_option(name: str) -> str:
    options = [option for option in inspect.signature(Solver).parameters if option != "unknown"]
    close = difflib.get_close_matches(name, options, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it takes {_listed(options[2:])}."
    return f"Solver has no option {name!r}: {hint}"


def _listed(names: Any) -> str:
    return ", ".join(repr(name) for name in names) or "nothing"
