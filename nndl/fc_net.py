"""Fully connected networks put together from layers."""

import itertools

import numpy as np

from .layer_utils import affine_relu_backward, affine_relu_forward
from .layers import affine_backward, affine_forward, softmax_loss

NORMALIZATIONS = (None, "batchnorm", "layernorm")


class TwoLayerNet:
    """Affine – ReLU – affine – softmax, from layers.

    The network only answers `loss`; a `utils.solver.Solver` trains it.

    Parameters
    ----------
    input_dim : int, default=3*32*32
        Numbers per example, D.
    hidden_dims : int, default=100
        Hidden units, H.
    num_classes : int, default=10
        Classes, C.
    dropout : float, default=0
        Probability of dropping a hidden unit; only 0 before HW4.
    weight_scale : float, default=1e-3
        Standard deviation of the initial weights.
    reg : float, default=0.0
        Strength of the L2 penalty on the weights.

    Attributes
    ----------
    params : dict of ndarray
        ``W1`` (D, H), ``b1`` (H,), ``W2`` (H, C), ``b2`` (C,).

    Raises
    ------
    ValueError
        If `dropout` is not a probability, or asks for a layer that is written later in the course.
    """

    def __init__(
        self,
        input_dim=3 * 32 * 32,
        hidden_dims=100,
        num_classes=10,
        dropout=0,
        weight_scale=1e-3,
        reg=0.0,
    ):
        _check_layers_exist("TwoLayerNet", dropout)
        self.params = {}
        self.reg = reg

        # Fill self.params: weights drawn from a normal distribution with mean 0 and standard deviation
        # weight_scale, biases zero. The class docstring says the names and the shapes.
        # ======== YOUR CODE HERE: fc_net.TwoLayerNet.__init__ (hw3, 2 points) ========
        raise NotImplementedError("TwoLayerNet.__init__: your code here")
        # ======== END OF YOUR CODE ========

    def loss(self, X, y=None):
        """Scores of a minibatch or, given its labels, its loss and gradients.

        The loss is the softmax loss of the scores plus ½ reg (Σ W1² + Σ W2²); biases are not regularised.

        Parameters
        ----------
        X : ndarray of shape (N, d_1, …, d_k)
            Minibatch, d_1 · … · d_k = D.
        y : ndarray of int, shape (N,), optional
            Labels in 0 … C−1.

        Returns
        -------
        scores : ndarray of shape (N, C)
            Only this, when `y` is None.
        loss : float
            The loss, when `y` is given.
        grads : dict of ndarray
            ∂L/∂p for each entry p of `params`: same keys, same shapes.
        """
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]

        # Forward: compute `scores` with the layers imported above, and keep their caches.
        # ======== YOUR CODE HERE: fc_net.TwoLayerNet.loss, part 1 of 2 (hw3, 6 points) ========
        raise NotImplementedError("TwoLayerNet.loss: your code here")
        # ======== END OF YOUR CODE ========

        if y is None:
            return scores

        # Loss and backward: compute `loss` with softmax_loss and the penalty, and fill the dictionary
        # `grads`.
        # ======== YOUR CODE HERE: fc_net.TwoLayerNet.loss, part 2 of 2 (hw3, 6 points) ========
        raise NotImplementedError("TwoLayerNet.loss: your code here")
        # ======== END OF YOUR CODE ========
        return loss, grads


class FullyConnectedNet:
    """{affine – [normalisation] – ReLU – [dropout]} × (L−1) – affine – softmax, for any number of layers L.

    Parameters
    ----------
    hidden_dims : list of int
        Hidden units of each hidden layer, L−1 of them.
    input_dim : int, default=3*32*32
        Numbers per example, D.
    num_classes : int, default=10
        Classes, C.
    dropout : float, default=0
        Probability of dropping a hidden unit; only 0 before HW4.
    use_batchnorm : bool, default=False
        Another way to write ``normalization="batchnorm"``.
    normalization : {None, "batchnorm", "layernorm"}, default=None
        What stands between each hidden affine layer and its ReLU; only None before HW4.
    reg : float, default=0.0
        Strength of the L2 penalty on the weights.
    weight_scale : float, default=1e-2
        Standard deviation of the initial weights.
    dtype : dtype, default=np.float32
        Precision of parameters, activations and gradients. float32 is fast; float64 is what numeric gradient
        checks need.
    seed : int, optional
        Seed of the dropout layers, to make them repeatable.

    Attributes
    ----------
    params : dict of ndarray
        ``W1``, ``b1``, …, ``WL``, ``bL``. ``Wi`` has one row per input and one column per output of layer i,
        ``bi`` one entry per output; all in `dtype`.
    num_layers : int
        L.

    Raises
    ------
    ValueError
        If `dropout`, `use_batchnorm` and `normalization` contradict each other, take other values than above,
        or ask for a layer that is written later in the course.
    """

    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout=0,
        use_batchnorm=False,
        normalization=None,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
    ):
        normalization = _one_normalization(use_batchnorm, normalization)
        _check_layers_exist("FullyConnectedNet", dropout, normalization)
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = np.dtype(dtype)
        self.reg = float(reg)  # a plain float takes on the precision of the arrays it multiplies
        self.params = {}

        # Fill self.params: weights drawn from a normal distribution with mean 0 and standard deviation
        # weight_scale, biases zero. The class docstring says the names and the shapes; the cast to dtype is
        # done below.
        # ======== YOUR CODE HERE: fc_net.FullyConnectedNet.__init__ (hw3, 3 points) ========
        raise NotImplementedError("FullyConnectedNet.__init__: your code here")
        # ======== END OF YOUR CODE ========

        for name, value in self.params.items():
            self.params[name] = value.astype(self.dtype)

    def loss(self, X, y=None):
        """Scores of a minibatch or, given its labels, its loss and gradients.

        The loss is the softmax loss of the scores plus ½ reg Σ_i Σ Wi²; biases are not regularised.

        Parameters
        ----------
        X : ndarray of shape (N, d_1, …, d_k)
            Minibatch, d_1 · … · d_k = D; cast to the network's dtype.
        y : ndarray of int, shape (N,), optional
            Labels in 0 … C−1.

        Returns
        -------
        scores : ndarray of shape (N, C)
            Only this, when `y` is None.
        loss : float
            The loss, when `y` is given.
        grads : dict of ndarray
            ∂L/∂p for each entry p of `params`: same keys, shapes and dtype.
        """
        X = np.asarray(X, dtype=self.dtype)

        # Forward: compute `scores`, keeping the cache of every layer. All layers but the last end in a ReLU.
        # ======== YOUR CODE HERE: fc_net.FullyConnectedNet.loss, part 1 of 2 (hw3, 9 points) ========
        raise NotImplementedError("FullyConnectedNet.loss: your code here")
        # ======== END OF YOUR CODE ========

        if y is None:
            return scores

        # Loss and backward: compute `loss` with softmax_loss and the penalty, and fill the dictionary
        # `grads`, walking through the layers from the last to the first.
        # ======== YOUR CODE HERE: fc_net.FullyConnectedNet.loss, part 2 of 2 (hw3, 9 points) ========
        raise NotImplementedError("FullyConnectedNet.loss: your code here")
        # ======== END OF YOUR CODE ========
        return loss, grads


def _one_normalization(use_batchnorm, normalization):
    """The normalisation that the two settings ask for together; they may not contradict each other."""
    if use_batchnorm and normalization not in (None, "batchnorm"):
        raise ValueError(
            f"FullyConnectedNet: use_batchnorm=True and normalization={normalization!r} contradict "
            "each other; pass one of them."
        )
    return "batchnorm" if use_batchnorm else normalization


def _check_layers_exist(net, dropout, normalization=None):
    """Refuse settings that make no sense, and layers this package does not have yet."""
    if not 0 <= dropout < 1:
        raise ValueError(
            f"{net}: dropout={dropout} is not a probability; pass a number from 0 up to, not including, 1."
        )
    if normalization not in NORMALIZATIONS:
        raise ValueError(f"{net}: normalization={normalization!r} is unknown; pass one of {NORMALIZATIONS}.")
    if normalization is not None:
        raise ValueError(f"{net}: {normalization} arrives with HW4; until then, leave normalization=None.")
    if dropout > 0:
        raise ValueError(f"{net}: dropout arrives with HW4; until then, leave dropout=0.")
