"""The nets of the course once more, in PyTorch, at three levels: bare tensors, ``nn.Module``, ``nn.Sequential``.

The backward pass is gone: PyTorch records what the forward pass does and derives the rest. What is left to you is what
a net *is*: its parameters, how they begin, and how scores come out of images.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


def flatten(x):
    """Each image as one row.

    Parameters
    ----------
    x : tensor of shape (N, d1, ..., dk)

    Returns
    -------
    tensor of shape (N, d1·…·dk)
        The entries of an image in their own order; connected to the graph of `x`.
    """
    ### BEGIN SOLUTION
    rows = x.reshape(x.shape[0], -1)
    ### END SOLUTION
    return rows


def random_weight(shape, dtype=torch.float32, device="cpu"):
    """A weight to start from: Kaiming normal, mean 0 and standard deviation √(2 / fan-in).

    The factor 2 makes up for the half that a ReLU sets to zero (He et al., 2015, "Delving Deep into Rectifiers",
    section 2.2).

    Parameters
    ----------
    shape : tuple of int
        (M, D) for an affine layer, (F, C, HH, WW) for a convolution: outputs first, as in PyTorch. The fan-in is the
        number of inputs that one output sees.
    dtype : torch.dtype, default=torch.float32
    device : str, default="cpu"

    Returns
    -------
    tensor of shape `shape`
        A leaf of the graph that gathers a gradient.
    """
    ### BEGIN SOLUTION
    fan_in = math.prod(shape[1:])
    w = torch.randn(shape, dtype=dtype, device=device) * math.sqrt(2 / fan_in)
    w.requires_grad_()
    ### END SOLUTION
    return w


def two_layer_fc(x, params):
    """Flatten – affine – ReLU – affine, with nothing but tensors.

    Parameters
    ----------
    x : tensor of shape (N, d1, ..., dk)
    params : sequence of tensor
        ``w1`` (H, D), ``b1`` (H,), ``w2`` (K, H), ``b2`` (K,) with D = d1·…·dk. Weights have one row per *output*.

    Returns
    -------
    tensor of shape (N, K)
        Scores; the softmax belongs to the loss.
    """
    w1, b1, w2, b2 = params
    ### BEGIN SOLUTION
    hidden = F.relu(flatten(x) @ w1.T + b1)
    scores = hidden @ w2.T + b2
    ### END SOLUTION
    return scores


def three_layer_convnet(x, params):
    """Convolution 5 × 5 – ReLU – convolution 3 × 3 – ReLU – affine, with nothing but tensors.

    Both convolutions have stride 1 and are padded, by 2 and by 1, so that the images keep their size.

    Parameters
    ----------
    x : tensor of shape (N, C, H, W)
    params : sequence of tensor
        ``conv_w1`` (F1, C, 5, 5), ``conv_b1`` (F1,), ``conv_w2`` (F2, F1, 3, 3), ``conv_b2`` (F2,),
        ``fc_w`` (K, F2·H·W), ``fc_b`` (K,).

    Returns
    -------
    tensor of shape (N, K)
    """
    conv_w1, conv_b1, conv_w2, conv_b2, fc_w, fc_b = params
    ### BEGIN SOLUTION
    first = F.relu(F.conv2d(x, conv_w1, conv_b1, padding=2))
    second = F.relu(F.conv2d(first, conv_w2, conv_b2, padding=1))
    scores = F.linear(flatten(second), fc_w, fc_b)
    ### END SOLUTION
    return scores


def train_step(forward, params, X, y, learning_rate):
    """One step of plain gradient descent on one minibatch, with nothing but tensors.

        w ← w − learning_rate · ∂loss/∂w    for every parameter w

    The loss is the softmax loss of HW3, averaged over the minibatch: `torch.nn.functional.cross_entropy`.

    Parameters
    ----------
    forward : callable
        ``forward(X, params)`` gives scores (N, K); `two_layer_fc`, for example.
    params : sequence of tensor
        Leaves of the graph that gather gradients; all of them are used by `forward`. They are changed in place: after
        the step they are the same tensors with new values, and still gather gradients. What an earlier backward pass
        left in their ``.grad`` has no influence on the step.
    X : tensor of shape (N, d1, ..., dk)
    y : tensor of shape (N,), int64
        Labels, 0 to K − 1.
    learning_rate : float

    Returns
    -------
    float
        The loss of the minibatch before the step.
    """
    # Set loss, a tensor with one entry, and take the step.
    ### BEGIN SOLUTION
    for w in params:
        w.grad = None
    loss = F.cross_entropy(forward(X, params), y)
    loss.backward()
    with torch.no_grad():
        for w in params:
            w -= learning_rate * w.grad
    ### END SOLUTION
    return loss.item()  # a number: the tensor would keep its whole graph in memory


class ThreeLayerConvNet(nn.Module):
    """The net of `three_layer_convnet` as a module.

    Parameters
    ----------
    in_channel : int
        Channels of an image, C.
    channel_1, channel_2 : int
        Filters of the first and the second convolution.
    num_classes : int
        Classes, K.
    image : tuple of int, default=(32, 32)
        Height and width of an image.

    Attributes
    ----------
    conv1, conv2 : torch.nn.Conv2d
        5 × 5 with padding 2, and 3 × 3 with padding 1.
    fc : torch.nn.Linear
        All weights are Kaiming normal with the gain of a ReLU (`torch.nn.init.kaiming_normal_` with
        ``nonlinearity="relu"``), all biases 0.
    """

    def __init__(self, in_channel, channel_1, channel_2, num_classes, image=(32, 32)):
        super().__init__()
        ### BEGIN SOLUTION
        height, width = image
        self.conv1 = nn.Conv2d(in_channel, channel_1, 5, padding=2)
        self.conv2 = nn.Conv2d(channel_1, channel_2, 3, padding=1)
        self.fc = nn.Linear(channel_2 * height * width, num_classes)
        for layer in (self.conv1, self.conv2, self.fc):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        ### END SOLUTION

    def forward(self, x):
        """Scores (N, K) of images `x` (N, C, H, W), the same in training and in evaluation mode.

        Makes no parameters: those belong to ``__init__``.
        """
        ### BEGIN SOLUTION
        first = F.relu(self.conv1(x))
        second = F.relu(self.conv2(first))
        scores = self.fc(flatten(second))
        ### END SOLUTION
        return scores


def sequential_convnet(in_channel, channel_1, channel_2, num_classes, image=(32, 32)):
    """The same net as an ``nn.Sequential``: a list of layers, and no ``forward`` to write.

    Parameters
    ----------
    in_channel, channel_1, channel_2, num_classes, image
        As for `ThreeLayerConvNet`.

    Returns
    -------
    torch.nn.Sequential
        Its parameters, in order: weight and bias of the convolution 5 × 5, of the convolution 3 × 3, and of the affine
        layer. They begin as PyTorch draws them.
    """
    ### BEGIN SOLUTION
    height, width = image
    model = nn.Sequential(
        nn.Conv2d(in_channel, channel_1, 5, padding=2),
        nn.ReLU(),
        nn.Conv2d(channel_1, channel_2, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(channel_2 * height * width, num_classes),
    )
    ### END SOLUTION
    return model


def check_accuracy(model, X, y, batch_size=256):
    """The share of images that a model classifies right.

    Parameters
    ----------
    model : torch.nn.Module
        Gives scores (N, K). It is evaluated in evaluation mode (dropout and batch norm behave differently in it) and
        without a graph. Afterwards it is in the mode it came in, and those parameters gather gradients that did before.
    X : tensor of shape (N, C, H, W)
    y : tensor of shape (N,), int64
    batch_size : int, default=256
        Images that are given to the model at once; the last batch may be smaller.

    Returns
    -------
    float
        Between 0 and 1.
    """
    ### BEGIN SOLUTION
    was_training = model.training
    model.eval()
    right = 0
    with torch.no_grad():
        for images, labels in zip(X.split(batch_size), y.split(batch_size), strict=True):
            right += int((model(images).argmax(dim=1) == labels).sum())
    model.train(was_training)
    accuracy = right / len(y)
    ### END SOLUTION
    return accuracy


def open_ended_net():
    """A net of your own design for images of (3, 32, 32).

    You hand in this constructor and the weights that its net was trained to; the grader builds the net, puts the
    weights in, and looks at the scores of images that nobody has. So nothing here may depend on anything but this file.

    Returns
    -------
    torch.nn.Module
        Not trained yet. For images (N, 3, 32, 32) as `utils.torch_nets.as_input` makes them it gives scores (N, 10).
    """
    ### BEGIN SOLUTION

    def block(channels, filters):
        # Batch norm takes the mean off, and a bias with it; so the convolution needs none.
        convolution = nn.Conv2d(channels, filters, kernel_size=3, padding=1, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(filters), nn.ReLU(), nn.MaxPool2d(2))

    blocks = (block(3, 32), block(32, 64), block(64, 128))
    net = nn.Sequential(*blocks, nn.Flatten(), nn.Dropout(0.3), nn.Linear(128 * 4 * 4, 10))
    ### END SOLUTION
    return net
