"""Fully connected networks put together from layers."""

import itertools

import numpy as np

from utils.layer_checks import check_finite, checked_probability

from .layer_utils import (
    affine_relu_backward,
    affine_relu_forward,
    normalization_backward,
    normalization_forward,
)
from .layers import (
    affine_backward,
    affine_forward,
    dropout_backward,
    dropout_forward,
    relu_backward,
    relu_forward,
    softmax_loss,
)

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
        Only 0: this net has no dropout, `FullyConnectedNet` has.
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
        If `dropout` is not 0.
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
        if checked_probability("TwoLayerNet", "dropout", dropout) > 0:
            raise ValueError(
                f"TwoLayerNet: dropout is {dropout}, but this net has none; "
                f"use FullyConnectedNet([{hidden_dims}], dropout={dropout})."
            )
        self.params = {}
        self.reg = reg

        # Fill self.params: weights drawn from a normal distribution with mean 0 and standard deviation
        # weight_scale, anew for each net; biases zero. The class docstring says the names and the shapes.
        # ======== YOUR CODE HERE: fc_net.TwoLayerNet.__init__ (hw3, 2 points) ========
        # Also checked, for 25 % of the points:
        # - shape: exactly as documented
        # - side effect: two nets, each with weights of its own; nothing else is left behind
        raise NotImplementedError("TwoLayerNet.__init__: your code here")
        # ======== END OF YOUR CODE ========

    def loss(self, X, y=None):
        """Scores of a minibatch or, given its labels, its loss and gradients.

        The loss is the softmax loss of the scores plus ½ reg (Σ W1² + Σ W2²); biases are not regularised.
        The gradients come from the chain rule in one backward pass; the loss is not run again for changed parameters.

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

        Raises
        ------
        ValueError
            If X holds NaN or infinity, or a label is not a whole number in 0 … C−1.
        """
        check_finite("TwoLayerNet.loss", "X", X)
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]

        # Forward: compute `scores` with the layers imported above, and keep their caches.
        # ======== YOUR CODE HERE: fc_net.TwoLayerNet.loss, part 1 of 2 (hw3, 6 points) ========
        # Also checked, for 25 % of the points:
        # - shape: exactly as documented
        # - edge shape: a single example
        # - side effect: a second minibatch; arguments stay as they are, unless documented; nothing else is
        #   left behind
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

    The net grows with the course. HW3 asks for `__init__` and `loss`, without normalisation and dropout: there a
    hidden layer is affine – ReLU and ready for use in `hidden_forward` and `hidden_backward`. HW4 asks for these
    two with the layers in brackets; `loss` stays as it is.

    Parameters
    ----------
    hidden_dims : list of int
        Hidden units of each hidden layer, L−1 of them; an empty list for a net of one affine layer.
    input_dim : int, default=3*32*32
        Numbers per example, D.
    num_classes : int, default=10
        Classes, C.
    dropout : float, default=0
        Probability of dropping a hidden unit; 0 leaves the dropout layers out.
    use_batchnorm : bool, default=False
        Another way to write ``normalization="batchnorm"``.
    normalization : {None, "batchnorm", "layernorm"}, default=None
        What stands between each hidden affine layer and its ReLU. The scores are never normalised.
    reg : float, default=0.0
        Strength of the L2 penalty on the weights.
    weight_scale : float, default=1e-2
        Standard deviation of the initial weights.
    dtype : dtype, default=np.float32
        Precision of parameters, activations and gradients. float32 is fast; float64 is what numeric gradient
        checks need.
    seed : int, optional
        Seed of the dropout layers: with it every call drops the same units, as a numeric gradient check needs.

    Attributes
    ----------
    params : dict of ndarray
        ``W1``, ``b1``, …, ``WL``, ``bL``. ``Wi`` has one row per input and one column per output of layer i,
        ``bi`` one entry per output. With a normalisation also ``gamma1``, ``beta1``, …, one entry per hidden unit
        of that layer, at first 1 and 0. All in `dtype`.
    num_layers : int
        L.
    norm_params, dropout_params : dict of int to dict
        For each hidden layer 1 … L−1 what its normalisation (running statistics included) and its dropout are
        called with; `loss` sets their mode. Empty where the net has no such layers. The checks set them under these
        names.

    Raises
    ------
    ValueError
        If `use_batchnorm` and `normalization` contradict each other, or take other values than above, or
        `dropout` is not a probability.
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
        self.normalization = _one_normalization(use_batchnorm, normalization)
        self.dropout = checked_probability("FullyConnectedNet", "dropout", dropout)
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = np.dtype(dtype)
        self.reg = float(reg)  # a plain float takes on the precision of the arrays it multiplies
        self.params = {}

        # Fill self.params: weights drawn from a normal distribution with mean 0 and standard deviation
        # weight_scale, anew for each net; biases zero. The class docstring says the names and the shapes; gamma and
        # beta, and the cast to dtype, are done below.
        # ======== YOUR CODE HERE: fc_net.FullyConnectedNet.__init__ (hw3, 3 points) ========
        # Also checked, for 25 % of the points:
        # - shape: exactly as documented
        # - edge shape: no hidden layer
        # - dtype: the answer has the right dtype
        # - side effect: two nets, each with weights of its own; two nets whose dropout has one seed, each
        #   with weights of its own; arguments stay as they are, unless documented; nothing else is left
        #   behind
        raise NotImplementedError("FullyConnectedNet.__init__: your code here")
        # ======== END OF YOUR CODE ========

        self.norm_params, self.dropout_params = {}, {}
        for layer, units in enumerate(hidden_dims, start=1):
            if self.normalization:
                self.params[f"gamma{layer}"], self.params[f"beta{layer}"] = np.ones(units), np.zeros(units)
                self.norm_params[layer] = {"mode": "train"}
            if self.dropout:
                self.dropout_params[layer] = {"mode": "train", "p": self.dropout}
                if seed is not None:
                    self.dropout_params[layer]["seed"] = seed + layer  # not the same units in every layer

        for name, value in self.params.items():
            self.params[name] = value.astype(self.dtype)

    def hidden_forward(self, layer, x):
        """One hidden layer: affine – [normalisation] – ReLU – [dropout].

        Without the layers in brackets this is `affine_relu_forward`, which is given. With one or both of them it is
        an exercise of HW4: their settings, mode included, are in ``self.norm_params[layer]`` and
        ``self.dropout_params[layer]``.

        Parameters
        ----------
        layer : int
            Which one, 1 … L−1.
        x : ndarray of shape (N, d_1, …, d_k)
            Its input.

        Returns
        -------
        out : ndarray of shape (N, H)
            Its output, H hidden units.
        cache : tuple
            For `hidden_backward`.
        """
        W, b = self.params[f"W{layer}"], self.params[f"b{layer}"]
        if not (self.normalization or self.dropout):
            return affine_relu_forward(x, W, b)

        # Compute `out` and `cache` with the layers imported above. normalization_forward is batch or layer
        # normalisation, as self.normalization says; it may be None, and self.dropout may be 0.
        # ======== YOUR CODE HERE: fc_net.FullyConnectedNet.hidden_forward (hw4, 6 points) ========
        # Also checked, for 25 % of the points:
        # - shape: exactly as documented
        # - dtype: float32; the answer has the right dtype
        # - side effect: dropout with a seed, which drops the same units again; dropout without a seed, which
        #   drops other units then; arguments stay as they are, unless documented; nothing else is left behind
        raise NotImplementedError("FullyConnectedNet.hidden_forward: your code here")
        # ======== END OF YOUR CODE ========
        return out, cache

    def hidden_backward(self, layer, dout, cache):
        """Backward pass of `hidden_forward`.

        Computed from the cache and `dout`, not by running the forward pass for changed inputs.

        Parameters
        ----------
        layer : int
            Which hidden layer, 1 … L−1.
        dout : ndarray of shape (N, H)
            Upstream gradient ∂L/∂out.
        cache : tuple
            From `hidden_forward` of that layer.

        Returns
        -------
        dx : ndarray of shape (N, d_1, …, d_k)
            ∂L/∂x.
        grads : dict of ndarray
            ∂L/∂p for each parameter p of this layer: ``Wi``, ``bi`` and, with a normalisation, ``gammai`` and
            ``betai``, where i is `layer`.
        """
        grads = {}
        if not (self.normalization or self.dropout):
            dx, grads[f"W{layer}"], grads[f"b{layer}"] = affine_relu_backward(dout, cache)
            return dx, grads

        # Compute `dx` and fill `grads`: the layers of hidden_forward from the last to the first.
        # ======== YOUR CODE HERE: fc_net.FullyConnectedNet.hidden_backward (hw4, 6 points) ========
        # Also checked, for 25 % of the points:
        # - shape: exactly as documented
        # - dtype: float32
        # - side effect: a second backward pass from the same cache, after that of the layer above; arguments
        #   stay as they are, unless documented; nothing else is left behind
        raise NotImplementedError("FullyConnectedNet.hidden_backward: your code here")
        # ======== END OF YOUR CODE ========
        return dx, grads

    def loss(self, X, y=None):
        """Scores of a minibatch or, given its labels, its loss and gradients.

        The loss is the softmax loss of the scores plus ½ reg Σ_i Σ Wi²; biases, gamma and beta are not
        regularised. Without labels the net predicts: normalisation and dropout are in test mode.
        Each hidden layer is left to one call of `hidden_forward` and one of `hidden_backward`, so that `loss` serves
        whatever these do.
        The gradients come from the chain rule in one backward pass; the loss is not run again for changed parameters.

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

        Raises
        ------
        ValueError
            If X holds NaN or infinity, or a label is not a whole number in 0 … C−1.
        """
        X = np.asarray(X, dtype=self.dtype)
        check_finite("FullyConnectedNet.loss", "X", X)
        for settings in (*self.norm_params.values(), *self.dropout_params.values()):
            settings["mode"] = "test" if y is None else "train"

        # Forward: compute `scores`, keeping the cache of every layer. All layers but the last are hidden:
        # out, cache = self.hidden_forward(layer, x) is one of them.
        # ======== YOUR CODE HERE: fc_net.FullyConnectedNet.loss, part 1 of 2 (hw3, 9 points) ========
        # Also checked, for 25 % of the points:
        # - shape: exactly as documented
        # - edge shape: no hidden layer; a single example
        # - dtype: float32; the answer has the right dtype
        # - side effect: a second minibatch; arguments stay as they are, unless documented; nothing else is
        #   left behind
        # - subclass: a subclass with hidden layers of its own, as in HW4
        raise NotImplementedError("FullyConnectedNet.loss: your code here")
        # ======== END OF YOUR CODE ========

        if y is None:
            return scores

        # Loss and backward: compute `loss` with softmax_loss and the penalty, and fill the dictionary
        # `grads`, walking through the layers from the last to the first. The gradients of a hidden layer come
        # as a dictionary: dx, layer_grads = self.hidden_backward(layer, dout, cache).
        # ======== YOUR CODE HERE: fc_net.FullyConnectedNet.loss, part 2 of 2 (hw3, 9 points) ========
        raise NotImplementedError("FullyConnectedNet.loss: your code here")
        # ======== END OF YOUR CODE ========
        return loss, grads


def _one_normalization(use_batchnorm, normalization):
    """The normalisation that the two settings ask for together; they may not contradict each other."""
    if normalization not in NORMALIZATIONS:
        raise ValueError(f"FullyConnectedNet: normalization is {normalization!r}; it must be one of {NORMALIZATIONS}.")
    if use_batchnorm and normalization == "layernorm":
        raise ValueError(
            "FullyConnectedNet: use_batchnorm=True and normalization='layernorm' contradict each other; "
            "pass one of them."
        )
    return "batchnorm" if use_batchnorm else normalization
