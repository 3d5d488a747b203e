"""A convolutional network put together from layers."""

import numpy as np

from utils.layer_checks import check_axes, check_finite

from .conv_layer_utils import (
    conv_bn_relu_pool_backward,
    conv_bn_relu_pool_forward,
    conv_relu_pool_backward,
    conv_relu_pool_forward,
)
from .layer_utils import (
    affine_batchnorm_relu_backward,
    affine_batchnorm_relu_forward,
    affine_relu_backward,
    affine_relu_forward,
)
from .layers import affine_backward, affine_forward, softmax_loss


class ThreeLayerConvNet:
    """conv – [batch norm] – ReLU – 2×2 max pool – affine – [batch norm] – ReLU – affine – softmax.

    The convolution has stride 1 and is padded so that its output is as large as its input; the pooling halves height
    and width, rounding down.

    Parameters
    ----------
    input_dim : tuple of int, default=(3, 32, 32)
        Channels, height and width of an image: (C, H, W).
    num_filters : int, default=32
        Filters of the convolution, F.
    filter_size : int, default=7
        Height and width of a filter; odd.
    hidden_dim : int, default=100
        Units of the hidden affine layer, M.
    num_classes : int, default=10
        Classes, K.
    weight_scale : float, default=1e-3
        Standard deviation of the initial weights.
    reg : float, default=0.0
        Strength of the L2 penalty on the weights.
    dtype : dtype, default=np.float32
        Precision of parameters, activations and gradients.
    use_batchnorm : bool, default=False
        Normalise after the convolution (each channel) and after the hidden affine layer.

    Attributes
    ----------
    params : dict of ndarray
        ``W1`` (F, C, filter_size, filter_size), ``b1`` (F,), ``W2`` (F·⌊H/2⌋·⌊W/2⌋, M), ``b2`` (M,), ``W3`` (M, K),
        ``b3`` (K,). With batch norm also ``gamma1``, ``beta1`` (F,) and ``gamma2``, ``beta2`` (M,), at first 1
        and 0. All in `dtype`.
    bn_params : dict of int to dict
        What the two normalisations, 1 and 2, are called with, running statistics included; `loss` sets their mode.
        Empty without batch norm. The checks set them under this name.

    Raises
    ------
    ValueError
        If `filter_size` is even, which would change the size of the image, or the image is smaller than 2 × 2.
    """

    def __init__(
        self,
        input_dim=(3, 32, 32),
        num_filters=32,
        filter_size=7,
        hidden_dim=100,
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        dtype=np.float32,
        use_batchnorm=False,
    ):
        if filter_size % 2 == 0:
            raise ValueError(
                f"ThreeLayerConvNet: filter_size is {filter_size}; it must be odd, so that the padding on both sides "
                "is the same."
            )
        if min(input_dim[1:]) < 2:
            raise ValueError(
                f"ThreeLayerConvNet: input_dim is {tuple(input_dim)}; height and width must be 2 or more to be pooled."
            )
        self.params = {}
        self.reg = float(reg)  # a plain float takes on the precision of the arrays it multiplies
        self.dtype = np.dtype(dtype)
        self.use_batchnorm = use_batchnorm
        self.conv_param = {"stride": 1, "pad": (filter_size - 1) // 2}
        self.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}

        # Fill self.params with W1, b1, W2, b2, W3, b3: weights drawn from a normal distribution with mean 0 and
        # standard deviation weight_scale, anew for each net; biases zero. The class docstring says the shapes; gamma
        # and beta, and the cast to dtype, are done below.
        # ======== YOUR CODE HERE: cnn.ThreeLayerConvNet.__init__ (hw5, 4 points) ========
        # Also checked, for 25 % of the points:
        # - shape: exactly as documented
        # - dtype: the answer has the right dtype
        # - side effect: two nets, each with weights of its own; arguments stay as they are, unless
        #   documented; nothing else is left behind
        raise NotImplementedError("ThreeLayerConvNet.__init__: your code here")
        # ======== END OF YOUR CODE ========

        self.bn_params = {}
        if use_batchnorm:
            for layer, size in ((1, num_filters), (2, hidden_dim)):
                self.params[f"gamma{layer}"], self.params[f"beta{layer}"] = np.ones(size), np.zeros(size)
                self.bn_params[layer] = {"mode": "train"}

        for name, value in self.params.items():
            self.params[name] = value.astype(self.dtype)

    def loss(self, X, y=None):
        """Scores of a minibatch or, given its labels, its loss and gradients.

        The loss is the softmax loss of the scores plus ½ reg (Σ W1² + Σ W2² + Σ W3²); nothing else is regularised.
        Without labels the net predicts: batch norm is in test mode.
        The gradients come from the chain rule in one backward pass; the loss is not run again for changed parameters.

        Parameters
        ----------
        X : ndarray of shape (N, C, H, W)
            Minibatch; cast to the network's dtype.
        y : ndarray of int, shape (N,), optional
            Labels in 0 … K−1.

        Returns
        -------
        scores : ndarray of shape (N, K)
            Only this, when `y` is None.
        loss : float
            The loss, when `y` is given.
        grads : dict of ndarray
            ∂L/∂p for each entry p of `params`: same keys, shapes and dtype.

        Raises
        ------
        ValueError
            If X does not hold images, holds NaN or infinity, or a label is not a whole number in 0 … K−1.
        """
        X = np.asarray(X, dtype=self.dtype)
        check_axes("ThreeLayerConvNet.loss", "X", X, "N, C, H, W")
        check_finite("ThreeLayerConvNet.loss", "X", X)
        for bn_param in self.bn_params.values():
            bn_param["mode"] = "test" if y is None else "train"
        p, conv_param, pool_param = self.params, self.conv_param, self.pool_param

        # Forward: compute `scores` with the layers imported above, and keep their caches. With self.use_batchnorm
        # the first two layers are the sandwiches with batch norm; their settings are self.bn_params[1] and [2].
        # ======== YOUR CODE HERE: cnn.ThreeLayerConvNet.loss, part 1 of 2 (hw5, 12 points) ========
        # Also checked, for 25 % of the points:
        # - shape: exactly as documented
        # - edge shape: one channel; a single example
        # - dtype: float32; float32 with batch norm; the answer has the right dtype
        # - side effect: the same images as before, with other parameters; arguments stay as they are, unless
        #   documented; nothing else is left behind
        raise NotImplementedError("ThreeLayerConvNet.loss: your code here")
        # ======== END OF YOUR CODE ========

        if y is None:
            return scores

        # Loss and backward: compute `loss` with softmax_loss and the penalty, and fill the dictionary `grads`.
        # ======== YOUR CODE HERE: cnn.ThreeLayerConvNet.loss, part 2 of 2 (hw5, 12 points) ========
        raise NotImplementedError("ThreeLayerConvNet.loss: your code here")
        # ======== END OF YOUR CODE ========
        return loss, grads
