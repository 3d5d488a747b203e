# %% [markdown]
# # PyTorch
#
# You have written every layer of a convolutional network, forward and backward. From here on you need not: PyTorch has
# the layers, records what the forward pass does, and derives the backward pass from it. This notebook builds one net
# three times, each time with less to write and less in your own hands:
#
# | level | what you write | what PyTorch does |
# |---|---|---|
# | tensors | parameters, their start, the forward pass | the gradients |
# | `nn.Module` | the layers and how they are connected | keeps the parameters, and starts them |
# | `nn.Sequential` | a list of layers | the forward pass too |
#
# All of it stands in `nndl/torch_models.py`, and needs PyTorch: `pip install torch`. First, though, a look back.

# %%
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import timeit

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

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
    two_layer_fc,
)
from utils.checks import check
from utils.data_utils import get_CIFAR10_data
from utils.fast_layers import conv_forward_fast, max_pool_forward_fast
from utils.torch_nets import save_net
from utils.torch_training import as_tensors, best_device, fit
from utils.vis_utils import course_style

course_style()
torch.manual_seed(0)
device = best_device()
print(f"computing on: {device}")

# %%
raw = get_CIFAR10_data()

# How much is trained, all in one place. CIFAR-10 gets full epochs; the offline set gets shorter ones, so that the whole
# notebook takes no more than five minutes.
if raw["dataset"] == "cifar10":
    EPOCH, BEST_EPOCHS = 49_000, 10
else:
    EPOCH, BEST_EPOCHS = 16_000, 4
data = as_tensors(raw, EPOCH, device)

# %% [markdown]
# ## 1. Your layers and theirs
#
# The same inputs, once through what you wrote and once through PyTorch, both in float64. The outputs agree to far more
# than six digits. The times do not: NumPy walks through memory once for each operation of a layer, PyTorch once for all
# of them together. Where matrices are multiplied both do the same work.

# %%
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
bridge = {}
for name, (ours, theirs) in BRIDGE.items():
    difference = np.abs(ours() - theirs().numpy()).max()
    bridge[name] = (difference, *(min(timeit.repeat(run, number=5, repeat=7)) / 5 for run in (ours, theirs)))
    print(f"{name:>19}: differs by {difference:.0e}")

# %%
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
# ## 2. Bare tensors
#
# A tensor is an array that can remember where it came from. Ask for `requires_grad` at the leaves, compute a loss, call
# `backward()`, and every leaf has its gradient in `.grad`.

# %% exercise="torch_models.flatten"
check(flatten)

# %% exercise="torch_models.random_weight"
check(random_weight)

# %% exercise="torch_models.two_layer_fc"
check(two_layer_fc)

# %% exercise="torch_models.three_layer_convnet"
check(three_layer_convnet)

# %% [markdown]
# Train both for one epoch. On CIFAR-10 the first should reach 40 % and the second 42 %.

# %%


def zeros(size):
    """A bias to start from."""
    return torch.zeros(size, device=device, requires_grad=True)


def accuracy_of(scores):
    """The accuracy of a function that gives scores, in batches and without a graph."""

    def accuracy(X, y):
        with torch.no_grad():
            return float((torch.cat([scores(part) for part in X.split(256)]).argmax(dim=1) == y).float().mean())

    return accuracy


def train_bare(forward, params, learning_rate):
    """One epoch of plain gradient descent with momentum."""
    optimizer = torch.optim.SGD(params, lr=learning_rate, momentum=0.9)
    return fit(lambda X: forward(X, params), optimizer, data, accuracy=accuracy_of(lambda X: forward(X, params)))


two_layer = train_bare(
    two_layer_fc,
    [random_weight((400, 3072), device=device), zeros(400), random_weight((10, 400), device=device), zeros(10)],
    learning_rate=2e-3,
)
bare = train_bare(
    three_layer_convnet,
    [
        random_weight((32, 3, 5, 5), device=device),
        zeros(32),
        random_weight((16, 32, 3, 3), device=device),
        zeros(16),
        random_weight((10, 16 * 32 * 32), device=device),
        zeros(10),
    ],
    learning_rate=2e-3,
)

# %% [markdown]
# **Question 1.** During training, `two_layer_fc` needs more memory than under `torch.no_grad()`. What is kept, and what
# for? Which of it did *you* keep, in the layers you wrote yourself?

# %% [markdown] written="what-the-graph-keeps"
# ### BEGIN SOLUTION
# The graph keeps whatever the backward pass will need: the inputs and weights of each product, and for the ReLU which
# entries were positive. That is exactly what went into your caches. Without gradients nobody will ask for it, so each
# intermediate result can be thrown away as soon as the next one is there.
# ### END SOLUTION

# %% [markdown]
# ## 3. Modules
#
# A module owns its parameters: they are made once, in `__init__`, and found by `parameters()`. In `forward` the layers
# are only used. Here is the two-layer net as a module; write the ConvNet in the same way.

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


print(TwoLayerFC(3072, 400, 10))
print({name: tuple(parameter.shape) for name, parameter in TwoLayerFC(3072, 400, 10).named_parameters()})

# %% [markdown]
# `nn.Linear` draws small uniform weights by itself; a net with ReLUs wants Kaiming normal ones, as in `random_weight`.

# %% exercise="torch_models.ThreeLayerConvNet.__init__"
check(ThreeLayerConvNet.__init__)

# %% exercise="torch_models.ThreeLayerConvNet.forward"
check(ThreeLayerConvNet.forward)

# %% [markdown]
# `check_accuracy` is the counterpart of your solver's: it has to leave the model as it found it.

# %% exercise="torch_models.check_accuracy"
check(check_accuracy)

# %% [markdown]
# One epoch should reach 40 % with the two layers and 45 % with the ConvNet on CIFAR-10.

# %%


def train_model(model, optimizer, epochs=1, **settings):
    """Train a module and look at its accuracy after each epoch."""
    return fit(model, optimizer, data, epochs=epochs, accuracy=lambda X, y: check_accuracy(model, X, y), **settings)


model = TwoLayerFC(3072, 400, 10).to(device)
two_layer_module = train_model(model, torch.optim.SGD(model.parameters(), lr=2e-3, momentum=0.9))
model = ThreeLayerConvNet(3, 32, 16, 10).to(device)
module = train_model(model, torch.optim.SGD(model.parameters(), lr=2e-3, momentum=0.9))

# %% [markdown]
# ## 4. A list of layers
#
# Where each layer's output is the next one's input, a list says everything. The two-layer net needs no class any more,
# and starts from whatever PyTorch draws. With Nesterov momentum one epoch should reach 40 % on CIFAR-10, and 55 % with
# the ConvNet.

# %%
model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 400), nn.ReLU(), nn.Linear(400, 10)).to(device)
two_layer_sequential = train_model(model, torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9, nesterov=True))

# %% exercise="torch_models.sequential_convnet"
check(sequential_convnet)

# %%
model = sequential_convnet(3, 32, 16, 10).to(device)
sequential = train_model(model, torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9, nesterov=True))

# %%
fig, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
nets = {
    "two layers": (two_layer, two_layer_module, two_layer_sequential),
    "three layers, two of them convolutions": (bare, module, sequential),
}
for ax, (title, runs) in zip(axes, nets.items(), strict=True):
    for run, level, style in zip(
        runs, ("tensors", "module", "list of layers, Nesterov"), ("-", "--", ":"), strict=True
    ):
        smooth = np.convolve(run["loss"], np.full(50, 1 / 50), mode="valid")
        ax.plot(np.arange(len(smooth)) + 50, smooth, style, label=level)
    ax.set(title=title, xlabel="step", ylabel="loss, mean of the last 50 steps", ylim=(0.8, 2.5))
    ax.legend()
plt.show()

# %% [markdown]
# **Question 2.** Three times the same net. Name one net, or one way of training, that each level can do and the next
# one cannot, or only with a trick.

# %% [markdown] written="three-levels"
# ### BEGIN SOLUTION
# With bare tensors the parameters are variables like any other: the same weight may be used transposed in a second
# layer, or be itself the result of a computation, without anybody being told. A module can do all that is a function of
# its input: branches, sums of two paths, loops whose length depends on the image. A Sequential is a chain: what goes in
# at one end comes out at the other, so a connection that skips layers needs a module of its own inside the chain.
# ### END SOLUTION

# %% [markdown]
# ## 5. Your own
#
# Any architecture, any optimiser, no more than ten epochs: 70 % on CIFAR-10's validation set. What helped you in the
# last assignments helps here too: several small convolutions instead of a large one, batch norm, fewer rows and columns
# the deeper it goes, a learning rate that falls.
#
# Write the architecture into `open_ended_net` in `nndl/torch_models.py`, and train it here.

# %% solution="open-ended"
### BEGIN SOLUTION
torch.manual_seed(0)
best_model = open_ended_net().to(device)
best = train_model(
    best_model,
    torch.optim.AdamW(best_model.parameters(), lr=1e-3, weight_decay=1e-2),
    epochs=BEST_EPOCHS,
    batch_size=128,
    schedule=lambda optimizer, steps: torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps),
)
### END SOLUTION

# %%
best_val, best_test = (check_accuracy(best_model, data[f"X_{part}"], data[f"y_{part}"]) for part in ("val", "test"))
print(f"validation {best_val:.1%}, test {best_test:.1%}")

# %% [markdown]
# Write the weights into the folder you hand in. The check does what the grader will do, with the validation set: it
# builds a new net with `open_ended_net()`, puts the weights in, and looks at its scores.

# %%
written = save_net("models/open_ended.safetensors", best_model, raw)
print(f"written to {written}")

# %% exercise="models.open_ended"
check("models/open_ended.safetensors", raw, open_ended_net)

# %% [markdown]
# **Question 3.** What did you try, what helped, and what did not? Give figures.

# %% [markdown] written="best-torch-report"
# ### BEGIN SOLUTION
# Three blocks of convolution 3 × 3, batch norm, ReLU and 2 × 2 pooling with 32, 64 and 128 filters, then one affine
# layer behind a little dropout. Batch norm allows the larger learning rate; letting it rise and fall once gives most of
# its gain in the last third of the training, when it comes near 0.
# ### END SOLUTION

# %% [markdown]
# ## Further
#
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
