# %% [markdown]
# # PyTorch
#
# You have written every layer of a convolutional network, forward and backward. From here on you need not: PyTorch has
# the layers, records what the forward pass does, and derives the backward pass from it. First you look at how it does
# that, on a graph that is small enough for a sheet of paper. Then you build the same nets three times, each time with
# less to write:
#
# | level | what you write | what PyTorch does |
# |---|---|---|
# | tensors | parameters, their start, the forward pass, the update | the gradients |
# | `nn.Module` | the layers and how they are connected | keeps the parameters; an optimiser updates them |
# | `nn.Sequential` | a list of layers | the forward pass too |
#
# At the end stands a net of your own design. What you write belongs into `nndl/torch_models.py`, and needs PyTorch:
# `pip install torch`.
#
# ## 1. Why a framework, and which one
#
# Your own layers work, and you know what they do. Three things speak for a framework all the same:
#
# - **No backward pass to write.** Whatever you can compute forward, it differentiates. Trying an idea costs one forward
#   pass of thinking, not two.
# - **Speed.** Its layers are compiled, use all cores, and run on a graphics card (GPU) without a change of the net.
# - **Other people.** Published nets come as code in a framework, often with trained weights. You can read them, load
#   them, and change them.
#
# It does not think for you. A wrong loss, images with their axes mixed up or a learning rate that is too large are as
# wrong as before, and most of these mistakes raise no error. That is why you wrote it all by hand first.
#
# **What PyTorch is.** A Python library, described in
# [Paszke et al., 2019, "PyTorch: An Imperative Style, High-Performance Deep Learning
# Library"](https://arxiv.org/abs/1912.01703). You have met each of its parts in another form:
#
# | part | what is in it | what you had in its place |
# |---|---|---|
# | `torch` | tensors: arrays on the processor or on a GPU | NumPy |
# | `torch.autograd` | records what is computed, and derives gradients | your `…_backward` functions and their caches |
# | `torch.nn.functional` | layers as functions: `F.relu`, `F.conv2d` | `nndl/layers.py`, `nndl/conv_layers.py` |
# | `torch.nn` | layers that own their parameters, and nets made of them | `nndl/fc_net.py`, `nndl/cnn.py` |
# | `torch.optim` | update rules, and schedules for the learning rate | `nndl/optim.py` |
# | `torch.utils.data` | data sets, and minibatches drawn from them | the sampling in your solver |
#
# **Where to learn it.** The [tutorials](https://pytorch.org/tutorials/) begin with "Learn the Basics"; the
# [reference](https://pytorch.org/docs/stable/) has the formula of every layer, and `help(F.cross_entropy)` prints the
# same page here; the [forum](https://discuss.pytorch.org/) has answers to most error messages. Other frameworks (JAX,
# TensorFlow) rest on the same idea: a graph that is recorded, and differentiated.

# %% folded="Set-up: run this cell first"
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import math
import timeit

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from tqdm.auto import tqdm

from nndl import optim
from nndl.conv_layers import spatial_batchnorm_forward, spatial_groupnorm_forward
from nndl.layers import affine_forward, batchnorm_forward, layernorm_forward, relu_forward, softmax_loss
from nndl.torch_models import (
    ThreeLayerConvNet,
    check_accuracy,
    flatten,
    open_ended_net,
    random_weight,
    sequential_convnet,
    three_layer_convnet,
    train_step,
    two_layer_fc,
)
from utils.checks import check
from utils.data_utils import get_CIFAR10_data
from utils.fast_layers import BACKEND, conv_forward_fast, max_pool_forward_fast
from utils.graph_drawing import Edge, draw_graph
from utils.progress import bar_hidden
from utils.torch_nets import save_net
from utils.torch_training import as_tensors, best_device
from utils.vis_utils import course_style

course_style()
torch.manual_seed(0)

# %% [markdown]
# A tensor lives on a *device*: the processor (`cpu`), or a GPU (`cuda` for NVIDIA's, `mps` for Apple's). An operation
# needs all its tensors on the same one; `.to(device)` copies them there. Everything below runs on either.

# %%
device = best_device()
print(f"PyTorch {torch.__version__}, computing on: {device}")

# %%
raw = get_CIFAR10_data()

# How much is trained, all in one place: the images of one epoch, and the epochs of your own net. The offline set gets
# short ones, so that the whole notebook takes no more than three minutes. CIFAR-10 gets all of its images: on a
# processor the ten epochs of section 7 take eight to ten minutes then, everything before them about two.
if raw["dataset"] == "cifar10":
    EPOCH, BEST_EPOCHS = 49_000, 10
else:
    EPOCH, BEST_EPOCHS = 16_000, 4
# What one epoch should reach on CIFAR-10: the two-layer net, and the ConvNet.
TARGETS = {"tensors": (0.40, 0.42), "module": (0.40, 0.45), "list of layers": (0.40, 0.55)}

data = as_tensors(raw, EPOCH)
X_val, y_val = data["X_val"].to(device), data["y_val"].to(device)

# %% [markdown]
# ## 2. Tensors
#
# ### From NumPy and back
#
# Nearly all you know of arrays holds for tensors: indexing, slices, broadcasting, `@`, `.sum()`, `.reshape()`. What
# NumPy calls `axis` is `dim` here. Four things are new:

# %%
array = np.zeros(3)
copied, shared = torch.tensor(array), torch.from_numpy(array)
array[0] = 7
print("torch.tensor copies:         ", copied)
print("torch.from_numpy does not:   ", shared)
print("from a list of floats:       ", torch.tensor([0.0, 0.0, 0.0]).dtype)
print("from a list of whole numbers:", torch.tensor([0, 0, 0]).dtype)
print("back to NumPy:               ", shared.numpy())

# %% [markdown]
# - `torch.tensor` makes a copy; `torch.from_numpy` and `.numpy()` share the memory.
# - NumPy's floats have 64 bits, and keep them (`float64`); PyTorch's own have 32. Nets are trained in `float32`, and a
#   product of the two kinds raises an error.
# - Labels are whole numbers of 64 bits (`int64`).
# - `.item()` takes the number out of a tensor that holds just one.
#
# ### Your layers and theirs
#
# The same inputs, once through what you wrote and once through PyTorch, both in float64. For convolution and pooling
# the course's fast layers stand in for yours; the first line below says what computes them (if it is `torch`, the two
# bars of each show the same code).

# %% folded="BRIDGE: each layer of yours beside PyTorch's, on the same numbers"
rng = np.random.default_rng(0)
rows, images = rng.standard_normal((200, 768)), rng.standard_normal((50, 8, 32, 30))
W, b = rng.standard_normal((768, 100)), rng.standard_normal(100)
filters, bias = rng.standard_normal((16, 8, 3, 3)), rng.standard_normal(16)
gamma, beta = rng.standard_normal(768), rng.standard_normal(768)
per_channel = rng.standard_normal((2, 8))
labels = rng.integers(100, size=200)
train, pool = {"mode": "train"}, {"pool_height": 2, "pool_width": 2, "stride": 2}
c_gamma, c_beta = (part.reshape(1, 8, 1, 1) for part in per_channel)

arrays = (rows, images, W, b, filters, bias, gamma, beta, *per_channel, labels)
t_rows, t_images, t_W, t_b, t_filters, t_bias, t_gamma, t_beta, t_c_gamma, t_c_beta, t_labels = map(
    torch.tensor, arrays
)

BRIDGE = {
    "affine": (lambda: affine_forward(rows, W, b)[0], lambda: F.linear(t_rows, t_W.T, t_b)),
    "ReLU": (lambda: relu_forward(rows)[0], lambda: F.relu(t_rows)),
    "softmax loss": (
        lambda: softmax_loss(rows[:, :100], labels)[0],
        lambda: F.cross_entropy(t_rows[:, :100], t_labels),
    ),
    "batch norm": (
        lambda: batchnorm_forward(rows, gamma, beta, dict(train))[0],
        lambda: F.batch_norm(t_rows, None, None, t_gamma, t_beta, training=True),
    ),
    "layer norm": (
        lambda: layernorm_forward(rows, gamma, beta, {})[0],
        lambda: F.layer_norm(t_rows, (768,), t_gamma, t_beta),
    ),
    "convolution": (
        lambda: conv_forward_fast(images, filters, bias, {"stride": 1, "pad": 1})[0],
        lambda: F.conv2d(t_images, t_filters, t_bias, padding=1),
    ),
    "max pool": (lambda: max_pool_forward_fast(images, pool)[0], lambda: F.max_pool2d(t_images, 2)),
    "spatial batch norm": (
        lambda: spatial_batchnorm_forward(images, *per_channel, dict(train))[0],
        lambda: F.batch_norm(t_images, None, None, t_c_gamma, t_c_beta, training=True),
    ),
    "group norm": (
        lambda: spatial_groupnorm_forward(images, c_gamma, c_beta, 4, {})[0],
        lambda: F.group_norm(t_images, 4, t_c_gamma, t_c_beta),
    ),
}

# %%
print(f"the fast layers run on: {BACKEND}")
bridge = {}
for name, (ours, theirs) in BRIDGE.items():
    difference = np.abs(ours() - theirs().numpy()).max()
    bridge[name] = (difference, *(min(timeit.repeat(run, number=5, repeat=7)) / 5 for run in (ours, theirs)))
    print(f"{name:>19}: differs by {difference:.0e}")

# %% folded="Draw the times"
names, (_, ours, theirs) = list(bridge), zip(*bridge.values(), strict=True)
at = np.arange(len(names))
fig, ax = plt.subplots(figsize=(9, 5), layout="constrained")
ax.barh(at - 0.2, 1000 * np.array(ours), 0.4, label="yours (convolution and pooling: the fast layers)")
ax.barh(at + 0.2, 1000 * np.array(theirs), 0.4, hatch="//", label="PyTorch, on the processor")
ax.set_yticks(at, names)
ax.invert_yaxis()
ax.set(xlabel="milliseconds for a forward pass", xscale="log")
fig.legend(loc="outside upper center", ncols=2)
plt.show()

# %% [markdown]
# The outputs differ by less than $10^{-10}$. The times differ more. NumPy makes a new array for every step of a layer
# (subtract the mean, square, add up, …); a compiled layer, PyTorch's or a fast one of the course, needs fewer of them.
# Look at the bars with that in mind: where is the difference large, where small, and what do the layers with a small
# one spend their time on?

# %% numbers="bridge"
max(difference for difference, *_ in bridge.values())  # shown: < 1e-10

# %% [markdown]
# ### The order of the entries
#
# Images come as `(N, C, H, W)`: image, channel, row, column. In memory they are one long list of numbers, and which
# number is where in it decides what `view` and `flatten` give. In the following images each entry spells its own index
# in digits: 1203 stands in image 1, channel 2, row 0, column 3.

# %%
n, c, h, w = torch.meshgrid(*(torch.arange(size) for size in (2, 3, 2, 4)), indexing="ij")
digits = 1000 * n + 100 * c + 10 * h + w
print("image 1:", digits[1], sep="\n")
print("in memory:", *digits.flatten().tolist())
print("as one row per image:", digits.view(2, 24), sep="\n")

# %% numbers="digits"
digits[1, 2, 0, 3].item()  # shown: 1203

# %% [markdown]
# The last axis runs fastest: all columns of a row, then the next row, then the next channel, then the next image.
# `view` copies nothing. It looks at the same list with another shape, so the number of entries has to be the same (one
# size may be −1, "whatever is left").
#
# `permute` changes the order of the axes, and copies nothing either. It changes the *strides*: how many places in
# memory it is to the next entry along each axis. Then the entries no longer lie in memory in the order of the axes; the
# tensor is not *contiguous*, and `view` may refuse.

# %%
channels_last = digits.permute(0, 2, 3, 1)  # (N, H, W, C)
for tensor in (digits, channels_last):
    print(f"shape {tuple(tensor.shape)}, strides {tensor.stride()}, contiguous: {tensor.is_contiguous()}")
try:
    channels_last.view(2, 24)
except RuntimeError as error:
    print("view:", error)
print("reshape, image 1:", *channels_last.reshape(2, 24)[1].tolist())

# %% [markdown]
# `reshape` is `view` where that is possible, and a copy in the order of the axes where it is not; `.contiguous()` makes
# that copy by itself.
#
# Now a mistake that no error tells you of. Both of these have the shape `(N, H, W, C)`:

# %%
print("permute:", channels_last[1, 0, 0].tolist())
print("view:   ", digits.view(2, 2, 4, 3)[1, 0, 0].tolist())

# %% [markdown]
# The first is one pixel with its three channels. What is the second? And what would a net see that gets its images like
# this? (You wrote a spatial batch norm in HW5 that had to get this right.)

# %% exercise="torch_models.flatten"
check(flatten)

# %% [markdown]
# ## 3. The graph
#
# ### A graph on paper
#
# A tensor can remember where it came from. Here is the smallest net there is, one weight, one bias, one example, and a
# squared error as its loss:
#
# $$p = w \cdot x, \qquad s = p + b, \qquad e = s - t, \qquad L = e^2$$
#
# with $x = 3$, $t = 5$, $w = 2$ and $b = 1$. Take a sheet of paper. Work out $p$, $s$, $e$ and $L$; then go back from
# $L$ and work out $\partial L / \partial w$ and $\partial L / \partial b$. The next cell shows all numbers.
#
# ![Computation graph to fill in: w = 2 and x = 3 enter a product, which gives p; p and b = 1 enter a sum, which gives
# s; s and t = 5 enter a difference, which gives e; e is squared, which gives L. Question marks stand for p, s, e, L
# and for the gradients, which come back from right to left, beginning with 1.](autograd-graph.svg)

# %% picture="autograd-graph"
from utils.graph_drawing import Edge, draw_graph
from utils.vis_utils import course_style

course_style()
draw_graph(
    {
        "$w$": (0, 1.5),
        "$x$": (0, 0),
        r"$w \cdot x$": (1.8, 0.75),
        "$b$": (2.4, 2.1),
        "$p + b$": (4.2, 0.75),
        "$t$": (4.8, 2.1),
        "$s - t$": (6.6, 0.75),
        "$e^2$": (9.0, 0.75),
        "$L$": (11.0, 0.75),
    },
    [
        Edge("$w$", r"$w \cdot x$", "2", "?"),
        Edge("$x$", r"$w \cdot x$", "3"),
        Edge(r"$w \cdot x$", "$p + b$", "p = ?", "?"),
        Edge("$b$", "$p + b$", "1", "?"),
        Edge("$p + b$", "$s - t$", "s = ?", "?"),
        Edge("$t$", "$s - t$", "5"),
        Edge("$s - t$", "$e^2$", "e = ?", "?"),
        Edge("$e^2$", "$L$", "L = ?", "1"),
    ],
    title="Forward in blue, backward in orange: the gradient of $L$ in what flows along the arrow",
)

# %% folded="The graph with all its numbers"
draw_graph(
    {
        "$w$": (0, 1.5),
        "$x$": (0, 0),
        r"$w \cdot x$": (1.8, 0.75),
        "$b$": (2.4, 2.1),
        "$p + b$": (4.2, 0.75),
        "$t$": (4.8, 2.1),
        "$s - t$": (6.6, 0.75),
        "$e^2$": (9.0, 0.75),
        "$L$": (11.0, 0.75),
    },
    [
        Edge("$w$", r"$w \cdot x$", "2", "12"),
        Edge("$x$", r"$w \cdot x$", "3"),
        Edge(r"$w \cdot x$", "$p + b$", "p = 6", "4"),
        Edge("$b$", "$p + b$", "1", "4"),
        Edge("$p + b$", "$s - t$", "s = 7", "4"),
        Edge("$t$", "$s - t$", "5"),
        Edge("$s - t$", "$e^2$", "e = 2", "4"),
        Edge("$e^2$", "$L$", "4", "1"),
    ],
    title="Forward in blue, backward in orange: the gradient of $L$ in what flows along the arrow",
)
plt.show()

# %% [markdown]
# Backward, from right to left: $\partial L / \partial e = 2e = 4$. The difference and the sum pass it on as it is, so
# $\partial L / \partial s = \partial L / \partial b = \partial L / \partial p = 4$. The product multiplies it by its
# other factor: $\partial L / \partial w = 4 \cdot x = 12$.
#
# PyTorch does the same. `requires_grad=True` says which tensors gradients are wanted for. Every operation on them is
# recorded, and its result knows in `grad_fn` what to do on the way back: it holds what your cache held. `backward()`
# walks the graph from the loss to the beginning, as you just did.

# %%
x, t = torch.tensor(3.0), torch.tensor(5.0)
w, b = torch.tensor(2.0, requires_grad=True), torch.tensor(1.0, requires_grad=True)
p = w * x
s = p + b
e = s - t
L = e**2
for name, tensor in {"x": x, "w": w, "b": b, "p": p, "s": s, "e": e, "L": L}.items():
    way_back = type(tensor.grad_fn).__name__ if tensor.grad_fn else "-"
    print(f"{name} = {tensor.item():.0f}   requires_grad: {tensor.requires_grad!s:<5}   way back: {way_back}")

# %%
p.retain_grad()  # see below
L.backward()
print("dL/dw =", w.grad, "  dL/db =", b.grad, "  dL/dp =", p.grad, "  dL/dx:", x.grad)

# %% [markdown]
# A **leaf** is a tensor that is not the result of a recorded operation: your data and your parameters. The others are
# **intermediate** results. After `backward()` a leaf with `requires_grad` has its gradient in `.grad`. The data did not
# ask for one, so none was computed for $x$. For an intermediate result the gradient is computed, passed on, and
# forgotten, because training does not need it; `retain_grad()` keeps it for a look.

# %% numbers="by-hand"
[value.item() for value in (p, s, e, L)]  # shown: [6.0, 7.0, 2.0, 4.0]
[value.grad.item() for value in (w, b, p)]  # shown: [12.0, 4.0, 4.0]
[value.is_leaf for value in (x, t, w, b, p, s, e, L)]  # shown: [True, True, True, True, False, False, False, False]

# %% [markdown]
# ### Gradients add up
#
# Decide what the next cell prints before you run it.

# %%
w.grad = None  # forget the gradient
for passes in (1, 2, 3):
    L = (w * x + b - t) ** 2
    L.backward()
    print(f"after {passes} backward passes: w.grad = {w.grad.item():.0f}")
try:
    L.backward()
except RuntimeError as error:
    print("once more on the same graph:", str(error).split(" (")[0])

# %% [markdown]
# Two rules:
#
# - **`backward()` adds to `.grad`.** Inside one graph that is what it must do: a weight that is used twice, like the
#   $W$ of the tied autoencoder in HW3, gets the sum over both paths. PyTorch does not stop adding between two calls. So
#   each training step begins by clearing the gradients, with `w.grad = None` or `w.grad.zero_()`.
# - **A graph is used once.** The way back frees what the graph has kept. The next step computes its own loss and so
#   records its own graph. That is why a net may do something else each time: an `if`, a loop, dropout.

# %% numbers="gradients-add-up"
w.grad.item()  # shown: 36

# %% [markdown]
# ### What is not recorded
#
# Recording costs memory, and is not always wanted. `torch.no_grad()` switches it off for a block of code; `.detach()`
# gives the same numbers without their past.

# %%
with torch.no_grad():
    unrecorded = 2 * w
print("2 * w recorded:    ", 2 * w)
print("2 * w under no_grad:", unrecorded)
print("w.detach():        ", w.detach(), "in the same memory:", w.detach().data_ptr() == w.data_ptr())
try:
    w.numpy()
except RuntimeError as error:
    print("w.numpy():         ", error)

# %% [markdown]
# The case that matters most is the update of a parameter. Two ways that do not work:

# %%
try:
    w -= 0.1 * w.grad
except RuntimeError as error:
    print("in place, recorded:  ", error)
old = w
with torch.no_grad():
    new = w - 0.1 * w.grad
print("a new tensor:        ", new, "while the parameter is still", w)

# %% [markdown]
# 1. Changing a leaf in place while PyTorch records: refused. The update is no part of the net; nobody wants to
#    differentiate it.
# 2. Computing a new tensor: allowed, but the parameter itself has not moved, and the new tensor asks for no gradient.
#    With `w = w - …` it would merely have got the parameter's name.
#
# What should you do, then? You will need it for `train_step`.
#
# ## 4. Level one: tensors
#
# No layers that own anything: parameters are tensors in a list, a net is a function of images and that list.
#
# `random_weight` draws a weight, and returns a *leaf* that asks for its gradient. (If you scale a tensor that asked
# already, what you return is an intermediate result.)

# %% exercise="torch_models.random_weight"
check(random_weight)

# %% [markdown]
# Now two forward passes. Mind one difference: PyTorch keeps the weights of an affine layer with one row per *output*,
# `(M, D)`, where yours were `(D, M)`.

# %% exercise="torch_models.two_layer_fc"
check(two_layer_fc)

# %% exercise="torch_models.three_layer_convnet"
check(three_layer_convnet)

# %% [markdown]
# And what an optimiser does, written by yourself: one step of plain gradient descent. Scores, loss, gradients, update;
# everything you need stands in section 3. `F.cross_entropy(scores, y)` is your `softmax_loss`, averaged over the
# minibatch.

# %% exercise="torch_models.train_step"
check(train_step)

# %% [markdown]
# ### Your training loop
#
# One epoch: every image once, in random order, in minibatches. `torch.randperm(n)` draws an order of the numbers below
# `n`, and `order.split(batch_size)` cuts it into pieces. The images are in `data["X_train"]` and `data["y_train"]`, on
# the processor: move each minibatch to `device`.

# %% solution="bare-loop"


def train_bare(forward, params, learning_rate, batch_size=64):
    """One epoch of plain gradient descent; the losses of all minibatches, in a list."""
    losses = []
    ### BEGIN SOLUTION
    order = torch.randperm(len(data["X_train"]))
    for rows in tqdm(order.split(batch_size), leave=False, disable=bar_hidden()):
        X, y = data["X_train"][rows].to(device), data["y_train"][rows].to(device)
        losses.append(train_step(forward, params, X, y, learning_rate))
    ### END SOLUTION
    return losses


# %% [markdown]
# One epoch for both nets. On CIFAR-10 the first should reach 40 % of the validation set and the second 42 %.


# %%
def zeros(size):
    """A bias to start from."""
    return torch.zeros(size, device=device, requires_grad=True)


def bare_run(forward, params, learning_rate):
    """Train for an epoch, and look at the validation set without recording anything."""
    losses = train_bare(forward, params, learning_rate)
    with torch.no_grad():
        guesses = torch.cat([forward(images, params).argmax(dim=1) for images in X_val.split(256)])
    accuracy = (guesses == y_val).float().mean().item()
    print(f"{forward.__name__}: first loss {losses[0]:.2f}, last {losses[-1]:.2f}, validation {accuracy:.1%}")
    return {"loss": losses, "val_acc": [accuracy]}


torch.manual_seed(0)
two_layer = bare_run(
    two_layer_fc,
    [random_weight((400, 3072), device=device), zeros(400), random_weight((10, 400), device=device), zeros(10)],
    learning_rate=1e-2,
)
bare = bare_run(
    three_layer_convnet,
    [
        random_weight((32, 3, 5, 5), device=device),
        zeros(32),
        random_weight((16, 32, 3, 3), device=device),
        zeros(16),
        random_weight((10, 16 * 32 * 32), device=device),
        zeros(10),
    ],
    learning_rate=1e-2,
)

# %% [markdown]
# **Question 1.** During training, `two_layer_fc` needs more memory than under `torch.no_grad()`. What is kept, and what
# for? Which of it did *you* keep, in the layers you wrote yourself?

# %% [markdown] written="what-the-graph-keeps"
# ### BEGIN SOLUTION
# The graph keeps whatever the backward pass will need: the inputs and weights of each product, and for the ReLU which
# entries were positive. That is what went into your caches. (PyTorch finds the positive entries in the ReLU's output,
# which the next product keeps anyway; your cache held its input.) Under `no_grad` nobody will ask for them, so each
# intermediate result can be thrown away as soon as the next one is there.
# ### END SOLUTION

# %% numbers="relu-keeps-its-output"
rectified = F.relu(torch.randn(3, 5, requires_grad=True))
torch.equal(rectified.grad_fn._saved_result, rectified)  # shown: True
str(F.relu(torch.randn(3)).grad_fn)  # shown: None

# %% [markdown]
# ## 5. Level two: modules
#
# ### Three steps
#
# With four parameters a list is fine. With a hundred you want them to belong to their layers. A **module** is a class
# that owns its parameters, and it is written in three steps:
#
# 1. `__init__` begins with `super().__init__()`, which prepares the places for parameters and layers;
# 2. then it makes the layers, once, and keeps each as an attribute: `self.fc1 = nn.Linear(…)`;
# 3. `forward` says how scores come out of images, with these layers. It makes none itself.
#
# Here is the two-layer net:


# %%
class TwoLayerFC(nn.Module):
    """Flatten – affine – ReLU – affine."""

    def __init__(self, inputs, hidden, num_classes):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, num_classes)
        for layer in (self.fc1, self.fc2):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


model = TwoLayerFC(3072, 400, 10)
print(model)
print({name: tuple(parameter.shape) for name, parameter in model.named_parameters()})
print("scores of five images:", tuple(model(data["X_val"][:5]).shape))

# %% [markdown]
# The net is called like a function, `model(x)`; that runs `forward`. `nn.Linear` draws small uniform weights by itself;
# a net with ReLUs wants Kaiming normal ones, as in `random_weight`.
#
# What happens without step 1? And what if a parameter is kept in a way that the module does not see?


# %%
class WithoutSuper(nn.Module):
    def __init__(self):
        self.fc = nn.Linear(4, 3)


class Hidden(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = nn.Linear(4, 3)
        self.in_a_list = [nn.Linear(3, 3)]
        self.plain = torch.zeros(3, requires_grad=True)
        self.wrapped = nn.Parameter(torch.zeros(3))


try:
    WithoutSuper()
except AttributeError as error:
    print("without super().__init__():", error)
print("found in Hidden:", [name for name, _ in Hidden().named_parameters()])

# %% [markdown]
# The module finds layers and `nn.Parameter`s that are attributes. It finds neither a plain tensor nor layers in a
# Python list (`nn.ModuleList` is a list that it does look into). What it does not find, no optimiser will train,
# `.to(device)` will not move, and `state_dict()`, which you save, will not hold. No error says so.

# %% numbers="found"
sorted(name for name, _ in Hidden().named_parameters())  # shown: ['seen.bias', 'seen.weight', 'wrapped']
sorted(Hidden().state_dict())  # shown: ['seen.bias', 'seen.weight', 'wrapped']
str(Hidden().to(torch.float64).plain.dtype)  # shown: torch.float32

# %% exercise="torch_models.ThreeLayerConvNet.__init__"
check(ThreeLayerConvNet.__init__)

# %% exercise="torch_models.ThreeLayerConvNet.forward"
check(ThreeLayerConvNet.forward)

# %% [markdown]
# ### Training mode and evaluation mode
#
# Dropout and batch norm do one thing in training and another one at test time; your layers took a `mode` for it. A
# module has a switch for itself and all layers inside: `model.train()` and `model.eval()`. A new module is in training
# mode.

# %%
torch.manual_seed(0)
dropout, ones = nn.Dropout(0.5), torch.ones(8)
print("train():", dropout.train()(ones).tolist())
print("eval(): ", dropout.eval()(ones).tolist())
norm, rows_of_7 = nn.BatchNorm1d(2), torch.randn(6, 2) + 7
print("batch norm, train(): mean", [round(mean, 2) for mean in norm.train()(rows_of_7).mean(dim=0).tolist()])
print("batch norm, eval():  mean", [round(mean, 2) for mean in norm.eval()(rows_of_7).mean(dim=0).tolist()])

# %% [markdown]
# Why is the last mean not 0? (What are the running statistics after a single minibatch? PyTorch's `momentum` of 0.1 is
# the share of the *new* statistics; yours, 0.9, was that of the old ones.)
#
# `eval()` does not switch recording off, and `no_grad()` does not change the mode: an evaluation wants both.
# `check_accuracy` is the counterpart of your solver's. It has to leave the model as it found it.

# %% numbers="batch-norm-momentum"
nn.BatchNorm1d(2).momentum  # shown: 0.1
(norm.running_mean - 0.1 * rows_of_7.mean(dim=0)).abs().max().item()  # shown: < 1e-6
norm.eval()(rows_of_7).mean().item()  # shown: > 1

# %% exercise="torch_models.check_accuracy"
check(check_accuracy)

# %% [markdown]
# ### Minibatches
#
# A `TensorDataset` holds tensors that belong together: its entry `i` is image `i` with its label. A `DataLoader` draws
# minibatches from it, each epoch in a new order. (With images that are read from a disk, `num_workers` has other
# processes fetch the next ones meanwhile.)

# %%
dataset = TensorDataset(data["X_train"], data["y_train"])
loader = DataLoader(dataset, batch_size=64, shuffle=True)
image, label = dataset[0]
images_of_one, labels_of_one = next(iter(loader))
print(f"an entry: {tuple(image.shape)} and {tuple(label.shape)}; {len(dataset)} entries")
print(f"a minibatch: {tuple(images_of_one.shape)} and {tuple(labels_of_one.shape)}; {len(loader)} of them per epoch")

# %% [markdown]
# ### The training loop
#
# This loop trains every net that follows. Each line has a counterpart in your `Solver` or in `train_step`; go through
# it until you could write it down from memory.


# %%
def train_model(model, optimizer, epochs=1, loader=loader, schedule=None):
    """Train a module on the cross-entropy of its scores.

    The losses of all minibatches, and the validation accuracy after each epoch, in a dict.
    """
    losses, accuracies = [], []
    for epoch in range(1, epochs + 1):
        model.train()  # dropout drops, batch norm uses the minibatch
        for X, y in tqdm(loader, desc=f"epoch {epoch}", leave=False, disable=bar_hidden()):
            X, y = X.to(device), y.to(device)
            loss = F.cross_entropy(model(X), y)  # forward: scores and loss, and the graph of both
            optimizer.zero_grad()  # forget the gradients of the last minibatch
            loss.backward()  # backward: every parameter has its gradient in .grad
            optimizer.step()  # the update, in place, of every parameter the optimiser was given
            if schedule is not None:
                schedule.step()  # a new learning rate
            losses.append(loss.item())  # a number: a tensor would keep its graph in memory
            if not math.isfinite(losses[-1]):
                raise FloatingPointError(f"The loss is {losses[-1]}: try a smaller learning rate.")
        accuracies.append(check_accuracy(model, X_val, y_val))  # eval(), no_grad(), and back to train()
        print(f"epoch {epoch} of {epochs}: loss {losses[-1]:.3f}, validation {accuracies[-1]:.1%}")
    return {"loss": losses, "val_acc": accuracies}


# %% [markdown]
# What would go wrong without `zero_grad()`? Without `model.train()` in every epoch, if `check_accuracy` left the model
# in evaluation mode? With `losses.append(loss)`? And does it matter whether `zero_grad()` stands before or after the
# line with `F.cross_entropy`?
#
# ### Optimisers
#
# An optimiser is given the parameters once, `torch.optim.SGD(model.parameters(), lr=1e-2)`, and keeps for each what
# your `config` kept. Your rules are all there:
#
# | rule | in `nndl/optim.py` | in `torch.optim` | arguments |
# |---|---|---|---|
# | plain descent | `sgd` | `SGD` | `lr` |
# | momentum | `sgd_momentum` | `SGD` | `lr`, `momentum` |
# | Nesterov momentum | `sgd_nesterov_momentum` | `SGD` | `lr`, `momentum`, `nesterov=True` |
# | RMSProp | `rmsprop` | `RMSprop` | `lr`, `alpha` (your `decay_rate`), `eps` |
# | Adam | `adam` | `Adam` | `lr`, `betas` (your `beta1`, `beta2`), `eps` |
# | AdaGrad: divides by the root of the sum of *all* squared gradients | – | `Adagrad` | `lr` |
# | Adam whose weights also shrink by a fixed share in each step | – | `AdamW` | `lr`, `betas`, `weight_decay` |
#
# The same gradients, five times, to your rules and to PyTorch's:

# %%
RULES = {
    "sgd": (optim.sgd, lambda w: torch.optim.SGD(w, lr=0.1)),
    "momentum": (optim.sgd_momentum, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9)),
    "Nesterov": (optim.sgd_nesterov_momentum, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9, nesterov=True)),
    "RMSProp": (optim.rmsprop, lambda w: torch.optim.RMSprop(w, lr=0.1)),
    "Adam": (optim.adam, lambda w: torch.optim.Adam(w, lr=0.1)),
}
apart = {}
for name, (rule, build) in RULES.items():
    ours, config = np.ones((4, 3)), {"learning_rate": 0.1}
    theirs = torch.ones((4, 3), dtype=torch.float64, requires_grad=True)
    optimizer = build([theirs])
    for gradient in np.random.default_rng(0).standard_normal((5, 4, 3)):
        ours, config = rule(ours, gradient, config)
        theirs.grad = torch.tensor(gradient)
        optimizer.step()
    apart[name] = np.abs(ours - theirs.detach().numpy()).max()
    print(f"{name:>8}: differs by {apart[name]:.0e}")

# %% numbers="rules-agree"
max(apart.values())  # shown: < 1e-12

# %% [markdown]
# Two things to know:
#
# - **Weight decay.** All of them take `weight_decay=λ`. In `SGD` it adds $\lambda w$ to the gradient, which is what
#   your `reg` did; only that it does so for biases too. In `Adam` the sum is then divided by the root of its recent
#   squares, so that weights with large gradients are hardly decayed. `AdamW` takes $\eta \lambda w$ off the weight
#   instead, with the learning rate $\eta$, whatever the gradient was.
# - **Schedules.** `torch.optim.lr_scheduler` changes the learning rate while you train: `ExponentialLR` is your
#   solver's `lr_decay`, `CosineAnnealingLR` lets it fall along a half cosine, `OneCycleLR` rises first and falls then.
#   Our loop calls it after every minibatch, so tell it the number of *steps*.
#
# Now train. One epoch should reach 40 % with the two layers and 45 % with the ConvNet on CIFAR-10.


# %% numbers="weight-decay"
def moved(optimiser, gradient, **settings):
    w = torch.full((1,), 2.0, dtype=torch.float64, requires_grad=True)
    rule = optimiser([w], lr=0.1, **settings)
    for _ in range(3):
        w.grad = torch.full_like(w, gradient)
        rule.step()
    return w.item()


def decayed(optimiser, gradient):
    return moved(optimiser, gradient, weight_decay=0.0) - moved(optimiser, gradient, weight_decay=0.01)


SGD, Adam, AdamW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
by_our_reg = 0.999**3 * 2 - 0.1 * 5 * (1 + 0.999 + 0.999**2)  # w - lr * (gradient + reg * w), three times
abs(moved(SGD, 5.0, weight_decay=0.01) - by_our_reg)  # shown: < 1e-12
decayed(Adam, 100.0) / decayed(AdamW, 100.0)  # shown: < 0.001
decayed(AdamW, 0.01) / decayed(AdamW, 100.0)  # shown: 1.00 ± 0.01

# %%
torch.manual_seed(0)
model = TwoLayerFC(3072, 400, 10).to(device)
two_layer_module = train_model(model, torch.optim.SGD(model.parameters(), lr=2e-3, momentum=0.9))
model = ThreeLayerConvNet(3, 32, 16, 10).to(device)
module = train_model(model, torch.optim.SGD(model.parameters(), lr=2e-3, momentum=0.9))

# %% [markdown]
# ## 6. Level three: a list of layers
#
# Where each layer's output is the next one's input, a list says everything. The two-layer net needs no class any more,
# and starts from whatever PyTorch draws. With Nesterov momentum one epoch should reach 40 % on CIFAR-10, and 55 % with
# the ConvNet.

# %%
torch.manual_seed(0)
model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 400), nn.ReLU(), nn.Linear(400, 10)).to(device)
two_layer_sequential = train_model(model, torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9, nesterov=True))

# %% exercise="torch_models.sequential_convnet"
check(sequential_convnet)

# %%
model = sequential_convnet(3, 32, 16, 10).to(device)
sequential = train_model(model, torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9, nesterov=True))

# %% folded="Print what was reached, and draw the losses"
fig, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
nets = {
    "two layers": (two_layer, two_layer_module, two_layer_sequential),
    "three layers, two of them convolutions": (bare, module, sequential),
}
for level, target, *runs in zip(TARGETS, TARGETS.values(), *nets.values(), strict=True):
    reached = ", ".join(f"{run['val_acc'][-1]:.1%}" for run in runs)
    print(f"{level:>14}: {reached} (on CIFAR-10 at least {target[0]:.0%}, {target[1]:.0%})")
levels = ("tensors, plain descent", "module, momentum", "list of layers, Nesterov")
for ax, (title, runs) in zip(axes, nets.items(), strict=True):
    for run, level, style in zip(runs, levels, ("-", "--", ":"), strict=True):
        smooth = np.convolve(run["loss"], np.full(50, 1 / 50), mode="valid")
        ax.plot(np.arange(len(smooth)) + 50, smooth, style, label=level)
    ax.set(title=title, xlabel="step", ylabel="loss, mean of the last 50 steps", ylim=(0.8, 2.5))
    ax.legend()
plt.show()

# %% [markdown]
# The curves differ by update rule and by how the weights start, not by level: whatever one level trains, the others
# can train in the same way.
#
# **Question 2.** Three times the same net. What does each level take off your hands, compared with the one before? And
# what can it not do, or only with a trick? Take as examples a weight that is used again, transposed, in a later layer
# (the tied autoencoder of HW3), and a connection that skips a layer.

# %% [markdown] written="three-levels"
# ### BEGIN SOLUTION
# A module takes care of the parameters: it finds them for the optimiser, moves them to a device, saves them, and
# switches between training and evaluation. It loses nothing of what bare tensors can compute, because `forward` is
# ordinary Python: branches, loops, sums of two paths. The tied autoencoder is `F.linear(F.linear(x, self.W), self.W.T)`
# with one `nn.Parameter` in `self.W`, and its gradient is the sum over both uses. What a module asks for is that it is
# told what a parameter is: a plain tensor, or a layer in a Python list, is not found and never trained. And a weight
# that is itself computed has to be computed again in every `forward`, from parameters that are kept.
#
# A Sequential writes `forward` too, and that costs freedom: it is a chain, and each layer is given what the one before
# it returned, and nothing else. The same layer may stand in it twice, but it cannot be used transposed; and a
# connection that skips a layer has to be packed into a module of its own, which is then one link of the chain.
# ### END SOLUTION


# %% numbers="tied"
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.arange(6.0, dtype=torch.float64).reshape(2, 3) / 7)

    def forward(self, x):
        return F.linear(F.linear(x, self.W), self.W.T)


tied, one_row = Tied(), torch.tensor([[0.5, -1.0, 2.0]], dtype=torch.float64)
(((tied(one_row) - one_row) ** 2).sum() / 2).backward()
W_tied, x_tied = tied.W.detach().numpy(), one_row.numpy().ravel()
residual = W_tied.T @ W_tied @ x_tied - x_tied
by_hand = np.outer(W_tied @ x_tied, residual) + np.outer(W_tied @ residual, x_tied)
[name for name, _ in tied.named_parameters()]  # shown: ['W']
np.abs(tied.W.grad.numpy() - by_hand).max()  # shown: < 1e-12
layer_twice = nn.Linear(3, 3)
len(list(nn.Sequential(layer_twice, nn.ReLU(), layer_twice).parameters()))  # shown: 2

# %% [markdown]
# ## 7. Your own net
#
# Any architecture, any optimiser, no more than ten epochs: 70 % on CIFAR-10's validation set. Write the architecture
# into `open_ended_net` in `nndl/torch_models.py`, and train it below.
#
# ### How to go about it
#
# 1. **The first loss.** A net that knows nothing of ten classes should have a loss near $\ln 10 = 2.3$ before the first
#    step. Far above it: the weights of the last layer, or the images, are too large.
# 2. **A few images by heart.** Fifty images have to go to 100 % in a minute. If they do not, look for a mistake;
#    settings can wait.
# 3. **The learning rate first**, and on a logarithmic scale: `1e-1`, `1e-2`, `1e-3`, `1e-4`, a few hundred steps each.
#    The best one is often a little below the one at which the loss begins to jump.
# 4. **Coarse to fine.** Try ideas with short runs on a part of the images, and give the long run to the best. Some
#    ideas need long runs to pay off (dropout, augmentation): be fair to them.
# 5. **One change at a time**, from a net that works, and write down each figure. With 1000 validation images a
#    difference of one point is noise: try another seed before you believe it.
# 6. **Watch two curves.** Training and validation accuracy both low: a larger net, a better learning rate, more
#    epochs. Training far above validation: weight decay, dropout, augmentation.
# 7. **A loss of `nan`**: the learning rate is too large, or something was divided by 0.
#
# ### Things to try
#
# | | what | in PyTorch | why |
# |---|---|---|---|
# | 1 | stacks of small filters | two layers of 3 × 3 for one of 5 × 5 | sees as far with fewer weights |
# | 2 | batch norm, and where | `nn.BatchNorm2d`, before or after the ReLU | allows larger learning rates |
# | 3 | pooling or strides | `nn.MaxPool2d(2)`, or `stride=2` | smaller maps make the next layer cheaper |
# | 4 | global average pooling | `nn.AdaptiveAvgPool2d(1)` before the last layer | one number per channel |
# | 5 | other activations | `nn.LeakyReLU(0.1)`, `nn.ELU()`, `nn.GELU()` | negative inputs get a gradient, too |
# | 6 | other optimisers | `AdamW`, `SGD` with Nesterov momentum | each wants a learning rate of its own |
# | 7 | a schedule | `CosineAnnealingLR`, `OneCycleLR` | large steps first, small ones to settle |
# | 8 | residual connections | a module that returns `x + inside(x)` | gradients have a short way back |
# | 9 | regularisation | `nn.Dropout`, `weight_decay`, `label_smoothing` | training far above validation |
# | 10 | augmentation | mirror or shift the images of a minibatch | more images, for training only |
# | 11 | an ensemble | average the probabilities of several nets | they err in different places |
#
# (1: per pair of channels $2 \cdot 9 = 18$ weights in place of 25, and a ReLU more. 4: behind 128 channels of 4 × 4 the
# last layer has 1,280 weights in place of 20,480. 10: which changes leave an image in its class? 11: it costs as many
# trainings; handed in it is one module that holds the nets in an `nn.ModuleList`.)

# %% numbers="things-to-try"
2 * nn.Conv2d(7, 7, 3).weight.numel() / 49  # shown: 18
nn.Conv2d(7, 7, 5).weight.numel() / 49  # shown: 25
point = torch.zeros(1, 1, 9, 9)
point[0, 0, 4, 4] = 1
all_ones = torch.ones(1, 1, 3, 3)
int(F.conv2d(F.conv2d(point, all_ones, padding=1), all_ones, padding=1).count_nonzero())  # shown: 25
nn.Linear(128, 10).weight.numel()  # shown: 1,280
nn.Linear(128 * 4 * 4, 10).weight.numel()  # shown: 20,480
math.log(10)  # shown: 2.3
100 * math.sqrt(0.7 * 0.3 / 1000)  # shown: > 1

# %% [markdown]
# Two of these need a few lines. A residual connection is a module (`Residual(nn.Sequential(…))` is then a layer like
# any other), and mirroring is one line on a minibatch, to be put into a copy of the training loop:


# %%
class Residual(nn.Module):
    """x + inside(x): the layers inside learn what to add. They have to keep the shape."""

    def __init__(self, inside):
        super().__init__()
        self.inside = inside

    def forward(self, x):
        return x + self.inside(x)


def mirrored(X):
    """A minibatch (N, C, H, W), each image mirrored left to right with probability 1/2."""
    return torch.where(torch.rand(len(X), 1, 1, 1, device=X.device) < 0.5, X.flip(3), X)


# %% [markdown]
# Train your net here, as often as you like. What you look at while you choose is the **validation** set.

# %% solution="open-ended"
### BEGIN SOLUTION
torch.manual_seed(0)
best_model = open_ended_net().to(device)
best_loader = DataLoader(dataset, batch_size=128, shuffle=True)
best_optimizer = torch.optim.AdamW(best_model.parameters(), lr=1e-3, weight_decay=1e-2)
best_schedule = torch.optim.lr_scheduler.OneCycleLR(
    best_optimizer, max_lr=4e-3, total_steps=BEST_EPOCHS * len(best_loader)
)
best = train_model(best_model, best_optimizer, BEST_EPOCHS, best_loader, best_schedule)
### END SOLUTION

# %%
best_val = check_accuracy(best_model, X_val, y_val)
print(f"validation {best_val:.1%}")

# %% [markdown]
# Write the weights into the folder you hand in. The check does what the grader will do, with the validation set: it
# builds a new net with `open_ended_net()`, puts the weights in, and looks at its scores.

# %%
written = save_net("models/open_ended.safetensors", best_model, raw)
print(f"written to {written}")

# %% exercise="models.open_ended"
check("models/open_ended.safetensors", raw, open_ended_net)

# %% [markdown]
# ### The test set: run this once, at the end
#
# You have chosen your net by its validation accuracy, out of several. So that figure is a little too good: some of it
# is luck that was selected. The test set has had no part in the choice. Run the cell when you have settled on a net,
# and change nothing afterwards; if you did, the test set would become a second validation set.

# %%
best_test = check_accuracy(best_model, data["X_test"].to(device), data["y_test"].to(device))
print(f"test {best_test:.1%}")

# %% [markdown]
# **Question 3.** Report: what did you try, what did each change bring, and what did not help? Give figures, the test
# accuracy of the final net among them.

# %% [markdown] written="best-torch-report"
# ### BEGIN SOLUTION
# (On the offline set.) The final net has three blocks of convolution 3 × 3, batch norm, ReLU and 2 × 2 pooling with 32,
# 64 and 128 filters, then dropout of 0.3 and one affine layer. AdamW, minibatches of 128, a learning rate that rises to
# 0.004 and falls again, four epochs of 16,000 images: 72 % on the validation set, 73 % on the test set.
#
# The ideas were compared in short runs, two epochs of 8000 images, with all else as it was:
#
# | | validation |
# |---|---|
# | the net above | 59 % |
# | without batch norm | 49 % |
# | a constant learning rate of 0.004 | 44 % |
# | a constant learning rate of 0.001 | 58 % |
# | global average pooling before the affine layer | 48 % |
#
# Without batch norm the net is ten points behind. The large learning rate needs the schedule; a constant rate of a
# quarter was as good in a run this short: one standard error is 1.6 points, so that 58 and 59 cannot be told apart.
# Global average pooling did not help here: behind it the affine layer no longer knows where in the image something was
# found. In a longer run, or behind more layers, it may.
# ### END SOLUTION

# %% numbers="best-report"
short = DataLoader(TensorDataset(data["X_train"][:8000], data["y_train"][:8000]), batch_size=128, shuffle=True)


def without_norm():
    net = open_ended_net()
    for block, (channels, filters) in zip(net[:3], ((3, 32), (32, 64), (64, 128)), strict=True):
        block[0], block[1] = nn.Conv2d(channels, filters, 3, padding=1), nn.Identity()
    return net


def pooled():
    net = open_ended_net()
    net[3], net[5] = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), nn.Linear(128, 10)
    return net


def short_run(build, rate=4e-3, one_cycle=True):
    torch.manual_seed(0)
    net = build().to(device)
    rule = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(rule, rate, total_steps=2 * len(short)) if one_cycle else None
    return 100 * train_model(net, rule, 2, short, schedule)["val_acc"][-1]


100 * best_val  # shown: 72 ± 4
100 * best_test  # shown: 73 ± 3
short_run(open_ended_net)  # shown: 59 ± 4
short_run(without_norm)  # shown: 49 ± 4
short_run(open_ended_net, one_cycle=False)  # shown: 44 ± 6
short_run(open_ended_net, 1e-3, one_cycle=False)  # shown: 58 ± 4
short_run(pooled)  # shown: 48 ± 4
100 * math.sqrt(0.59 * 0.41 / 1000)  # shown: 1.6

# %% [markdown]
# ## 8. Further
#
# Three open questions, each of them a project that you can begin with the net of section 7.
#
# **Are most of the weights needed?** Train a net; set the smallest of its weights to 0 for good; put the others back to
# the values they *started* from, and train again. Done in several rounds, until a tenth or a fifth of the weights is
# left, the small net often gets as far as the whole one. With new random weights on the same connections it does not:
# it was the start that was lucky. Deeper nets need weights that are put back to a moment shortly after the start, or
# small learning rates. Why, and whether such a start can be recognised before any training, is open. You need a mask of
# zeros and ones per weight, multiplied in after each step.
# *J. Frankle, M. Carbin, ["The lottery ticket hypothesis: finding sparse, trainable neural
# networks"](https://arxiv.org/abs/1803.03635), ICLR 2019.*
#
# **Should a net be sure of itself?** With `F.cross_entropy(…, label_smoothing=0.1)` the right class is wanted with
# probability 0.91 and each other one with 0.01, instead of 1 and 0. That often raises the accuracy, and makes the
# probabilities more honest: of all answers given with the same probability, about that share is right. But a smaller
# net that is trained to imitate such a net learns less from it, because the small probabilities no longer say which
# classes are alike. When is it worth having? Compare confidence and accuracy of your net with and without it.
# *R. Müller, S. Kornblith, G. Hinton, ["When does label smoothing help?"](https://arxiv.org/abs/1906.02629), NeurIPS
# 2019.*
#
# **Does every layer have to be there?** In a net of residual blocks, leave out each block at random in training, the
# later ones more often; at test time all are there, each scaled by the probability it had. Training becomes
# shorter, and in the paper the nets become more accurate, even with more than a thousand layers. Is this a
# regulariser like dropout, an average over many shorter nets, or a shorter way for the gradients? Think of an
# experiment that could tell these apart.
# *G. Huang, Y. Sun, Z. Liu, D. Sedra, K. Weinberger, ["Deep networks with stochastic
# depth"](https://arxiv.org/abs/1603.09382), ECCV 2016.*

# %% numbers="smoothed"
some_scores, wanted = torch.randn(1, 10), torch.full((1, 10), 0.01)
wanted[0, 3] = 0.91
smoothed = F.cross_entropy(some_scores, torch.tensor([3]), label_smoothing=0.1)
abs(smoothed.item() - F.cross_entropy(some_scores, wanted).item())  # shown: < 1e-5

# %% [markdown]
# ### To try: minima that are wide
#
# *This one earns no points and need not be handed in: it is here for the fun of it. It is written in NumPy.*
#
# Two minima may be equally deep and yet not equally good: in a narrow one the loss shoots up when the weights, or the
# images, change a little. **Sharpness-aware minimisation**
# [(Foret et al., 2021, equations 2 and 3)](https://arxiv.org/abs/2010.01412) does not minimise the loss at $w$, but the
# largest loss within a distance $\rho$ of it. To first order that lies straight uphill, so the gradient is taken
# there, and $w$ moves along it:
#
# $$\hat\varepsilon = \rho\, \frac{\nabla L(w)}{\lVert \nabla L(w) \rVert_2}, \qquad
# w' = w - \eta\, \nabla L(w + \hat\varepsilon) .$$
#
# A step costs two gradients instead of one. The authors report better accuracy on many sets of images, and a net that
# is harder to mislead by wrong labels. But wide and narrow are not properties of what a net computes: rescale one
# layer up and the next one down, and the same function sits in a minimum of another width
# [(Dinh et al., 2017)](https://arxiv.org/abs/1703.04933). Why it helps is still an open question. Write
# `sharpness_aware_gradient` in `nndl/further.py`.

# %% further="further.sharpness_aware_gradient"
from nndl.further import sharpness_aware_gradient

check(sharpness_aware_gradient)

# %% [markdown]
# The smallest net with two layers has two weights and computes $w_2 w_1 x$. Let it learn that $x = 1$ gives 1:
# $L = \frac12 (w_1 w_2 - 1)^2$. Every point on the curve $w_1 w_2 = 1$ is a perfect answer; the largest curvature of
# the loss there is $w_1^2 + w_2^2$, least where both weights are 1. From the same start, where does each way down end?


# %%
def two_weights(w):
    """The loss of the smallest net with two layers, and its gradient."""
    error = w[0] * w[1] - 1
    return 0.5 * error**2, error * w[::-1]


def descend(radius, steps=3000, learning_rate=0.02):
    """The points that sharpness-aware descent visits; plain descent for a radius of 0."""
    path = [np.array([3.0, 0.1])]
    for _ in range(steps):
        path.append(path[-1] - learning_rate * sharpness_aware_gradient(two_weights, path[-1], radius))
    return np.array(path)


paths = {radius: descend(radius) for radius in (0.0, 0.2)}

# %% folded="Draw both ways down"
w_1, w_2 = np.linspace(0.3, 3.3, 120), np.linspace(0, 1.6, 100)
fig, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
ax.contour(w_1, w_2, np.abs(w_1 * w_2[:, None] - 1), levels=[0.1, 0.3, 0.6, 1, 2], colors="0.75", linewidths=0.8)
ax.plot(w_1, 1 / w_1, color="0.5", marker="", linestyle=":", label="loss 0")
for (radius, path), style, marker in zip(paths.items(), ("--", "-"), ("s", "o"), strict=True):
    label = f"radius {radius}: curvature {np.sum(path[-1] ** 2):.1f} at the end"
    ax.plot(*path.T, style, marker=marker, markevery=[len(path) - 1], markersize=9, linewidth=1.5, label=label)
ax.scatter(1, 1, 70, color="black", marker="*", zorder=5, label="the widest minimum")
ax.set(xlabel="$w_1$", ylabel="$w_2$", ylim=(0, 1.6), title="Plain descent stops at the first minimum it meets")
ax.grid(visible=False)
ax.legend(loc="upper right")
plt.show()

# %% [markdown]
# Plain descent stops where it first meets the curve, at a curvature of 9.2. The sharpness-aware one goes on along it,
# to where the curvature is 2, the smallest there is. And yet both nets compute exactly the same.

# %% numbers="sharpness"
float(np.sum(paths[0.0][-1] ** 2))  # shown: 9.2 ± 0.1
float(np.sum(paths[0.2][-1] ** 2))  # shown: 2.0 ± 0.1
max(two_weights(path[-1])[0] for path in paths.values())  # shown: < 1e-3
