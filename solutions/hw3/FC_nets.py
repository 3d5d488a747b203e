# %% [markdown]
# # Networks out of layers
#
# The two-layer network of the last notebook is one long function. Add a layer, and you start over. Here you
# cut it into pieces that know nothing of each other: a layer computes forward, remembers what it needs, and
# later turns the gradient of its output into gradients of its inputs. From such pieces a network of any
# depth is a `for` loop.
#
# | | what you do | where |
# |---|---|---|
# | 1 | the affine layer and the ReLU, forward and backward | `nndl/layers.py` |
# | 2 | the two-layer network again, in a dozen lines | `TwoLayerNet` in `nndl/fc_net.py` |
# | 3 | train it with a solver | here |
# | 4 | a network of any depth | `FullyConnectedNet` in `nndl/fc_net.py` |
# | 5 | see what depth makes harder | here, in code and in writing |

# %% folded="Set-up: run this cell first"
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np

from nndl import layers
from nndl.fc_net import FullyConnectedNet, TwoLayerNet
from nndl.layer_tests import affine_relu_test
from nndl.layer_utils import affine_relu_forward
from nndl.layers import (
    affine_backward,
    affine_forward,
    relu_backward,
    relu_forward,
    softmax_loss,
    svm_loss,
)
from utils.checks import check
from utils.data_utils import get_CIFAR10_data
from utils.explorers import BoundaryExplorer, GradientExplorer, GradientFlowExplorer
from utils.gradient_check import eval_numerical_gradient, rel_error
from utils.known_values import show_known_values
from utils.solver import Solver
from utils.vis_utils import course_style, plot_history, show_net_weights

course_style()

# %% [markdown]
# ## 1. What a layer is
#
# Two functions and an agreement:
#
# ```python
# out, cache = layer_forward(x, w)      # cache: whatever the way back will need
# dx, dw = layer_backward(dout, cache)  # dout: the loss differentiated by out, same shape as out
# ```
#
# `dout` is all a layer ever learns about the rest of the network, and that is enough: every gradient has
# the shape of what it belongs to, and the chain rule does the rest. The caches wait in between.
#
# ![Computation graph: x goes through affine 1, ReLU, affine 2 and the softmax loss to L. W1 and b1 enter affine 1, W2
# and b2 enter affine 2, the labels y enter the loss. Above each arrow stands what flows forward (x, out, scores),
# below it the gradient that comes back (1, dout, dw and db, dx).](layers-graph.svg)

# %% picture="layers-graph"
from utils.graph_drawing import Edge, draw_graph
from utils.vis_utils import course_style

course_style()
draw_graph(
    {
        "$x$": (0, 0),
        "affine 1": (2.2, 0),
        "ReLU": (4.6, 0),
        "affine 2": (7, 0),
        "softmax loss": (9.6, 0),
        "$L$": (11.8, 0),
        "$W_1, b_1$": (2.2, 1.5),
        "$W_2, b_2$": (7, 1.5),
        "$y$": (9.6, 1.5),
    },
    [
        Edge("$x$", "affine 1", "x", "dx"),
        Edge("$W_1, b_1$", "affine 1", "", "dw, db"),
        Edge("affine 1", "ReLU", "out", "dout"),
        Edge("ReLU", "affine 2", "out", "dout"),
        Edge("$W_2, b_2$", "affine 2", "", "dw, db"),
        Edge("affine 2", "softmax loss", "scores", "dout"),
        Edge("$y$", "softmax loss"),
        Edge("softmax loss", "$L$", "", "1"),
    ],
    title="Forward in blue, from left to right; backward in orange, from right to left",
)

# %% [markdown]
# ### The affine layer, forward
#
# An example may have any shape, such as $3 \times 32 \times 32$. The layer reads it as one long row of $D$
# numbers, multiplies, and adds the bias: $\text{out}_n = x_n w + b$. Unlike in the last notebook, $w$ is
# now $(D, M)$: one *column* per output.
#
# ![Four rectangles as an equation: x, flattened to (N, D), times w of shape (D, M), plus b of shape (M) for every
# row, gives out of shape (N, M).](affine-shapes.svg)

# %% picture="affine-shapes"
import matplotlib.pyplot as plt

from utils.vis_utils import course_style

course_style()
pieces = [  # rows, columns, what it is, the sign that follows
    (4, 6, "x, flattened\n$(N, D)$", "@"),
    (6, 3, "w\n$(D, M)$", "+"),
    (0.5, 3, "b, for every row\n$(M)$", "="),
    (4, 3, "out\n$(N, M)$", ""),
]
fig, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
left = 0
for rows, columns, name, sign in pieces:
    ax.add_patch(plt.Rectangle((left, -rows / 2), columns, rows, facecolor="#56B4E9", edgecolor="#0072B2"))
    ax.text(left + columns / 2, -rows / 2 - 0.3, name, ha="center", va="top")
    ax.text(left + columns + 1.1, 0, sign, ha="center", va="center", fontsize="x-large")
    left += columns + 2.2
ax.set(xlim=(-0.5, left - 1.7), ylim=(-5, 3.2), aspect="equal")
ax.set_axis_off()

# %% [markdown]
# Write `affine_forward` in `nndl/layers.py`. Keep `x` in the cache as it came: the way back needs its shape.
# For inputs that many courses use, here are the known values beside yours. They are rounded to eight digits,
# so errors around $10^{-8}$ are none.

# %% folded="The known outputs of affine_forward beside yours"
x = np.linspace(-0.1, 0.5, num=240).reshape(2, 4, 5, 6)
w = np.linspace(-0.2, 0.3, num=360).reshape(120, 3)
b = np.linspace(-0.3, 0.1, num=3)
known_rows = [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]]
rows, _ = affine_forward(x, w, b)
show_known_values(
    {f"example {n}": row for n, row in enumerate(known_rows)}, {f"example {n}": row for n, row in enumerate(rows)}
)

# %% exercise="layers.affine_forward"
check(affine_forward)

# %% [markdown]
# ### The affine layer, backward
#
# Given `dout` $(N, M)$, find three gradients. If the formula does not come to you, write out one entry,
# $\text{out}_{nm} = \sum_d x_{nd} w_{dm} + b_m$, and ask in which outputs $w_{dm}$ appears. Then let the
# shapes confirm it: there are not many ways to multiply $(N, M)$ and $(N, D)$ into $(D, M)$. And `db` has
# the shape of `b`, $(M)$.

# %% exercise="layers.affine_backward"
check(affine_backward)

# %% [markdown]
# ### The ReLU
#
# $\text{out} = \max(0, x)$, entry by entry. Backward it is a gate: open where the input was positive, shut
# where it was negative. At exactly 0 there is a kink, and you may choose either side.

# %% folded="The known outputs of relu_forward beside yours"
x = np.linspace(-0.5, 0.5, num=12).reshape(3, 4)
known_rows = [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]]
rows, _ = relu_forward(x)
show_known_values(
    {f"row {n}": row for n, row in enumerate(known_rows)}, {f"row {n}": row for n, row in enumerate(rows)}
)

# %% exercise="layers.relu_forward"
check(relu_forward)

# %% exercise="layers.relu_backward"
check(relu_backward)

# %% [markdown]
# Three gates side by side: the ReLU, drawn with *your* functions, and two others. The lower row is the part
# of the upstream gradient that gets through.

# %%
x = np.linspace(-6, 6, 400)
sigmoid = 1 / (1 + np.exp(-x))
gates = {
    "ReLU": (relu_forward(x)[0], relu_backward(np.ones_like(x), x)),
    "sigmoid": (sigmoid, sigmoid * (1 - sigmoid)),
    "leaky ReLU": (np.where(x > 0, x, 0.1 * x), np.where(x > 0, 1.0, 0.1)),
}

# %% folded="Draw the three gates, and what gets through them"
fig, axes = plt.subplots(2, 3, figsize=(11, 5), sharex=True, layout="constrained")
for (name, (value, slope)), (above, below) in zip(gates.items(), axes.T, strict=True):
    above.plot(x, value, marker="")
    above.set_title(name)
    below.plot(x, slope, color="#D55E00", marker="")
    below.set(xlabel="input x", ylim=(-0.1, 1.1))
axes[0, 0].set_ylabel("output")
axes[1, 0].set_ylabel("share of dout that passes")
plt.show()

# %% [markdown]
# **Question 1.** For each of the three: for which inputs does (almost) no gradient get through? What
# happens, in training, to a ReLU unit whose input is negative for *every* example?

# %% [markdown] written="which-gate-shuts"
# ### BEGIN SOLUTION
# *ReLU:* for every negative input, exactly none. *Sigmoid:* for inputs far from zero on either side, where
# it is flat; and even at its best, at 0, only a quarter gets through. *Leaky ReLU:* nowhere; a tenth passes
# for negative inputs.
#
# A ReLU unit that is shut for every example gets no gradient, so its bias does not move, and its weights move
# only by what the L2 penalty does to them: it is dead. It can come back if the layers before it change its
# inputs (or if its bias is positive and the penalty shrinks its weights far enough). A step that is too large
# is a common cause: it pushes the bias far down, once.
# ### END SOLUTION

# %% numbers="gates"
float(relu_backward(np.ones(1), np.array([-1e-9]))[0])  # shown: 0.0
np.max(sigmoid * (1 - sigmoid))  # shown: 0.25
(sigmoid * (1 - sigmoid))[[0, -1]].max()  # shown: < 0.01
gates["leaky ReLU"][1].min()  # shown: 0.1
shut = FullyConnectedNet([4], input_dim=3, num_classes=2, reg=0.5, dtype=np.float64)
shut.params["b1"][2] = -100.0
_, of_shut = shut.loss(np.ones((5, 3)), np.zeros(5, dtype=int))
float(of_shut["b1"][2])  # shown: 0.0
np.abs(of_shut["W1"][:, 2] - 0.5 * shut.params["W1"][:, 2]).max()  # shown: 0

# %% [markdown]
# ### Sandwiches
#
# Affine and ReLU come together so often that `nndl/layer_utils.py` has them in one call:
# `affine_relu_forward` and `affine_relu_backward`. Read them; they show how layers are chained, and in
# which order the caches are used on the way back. They are made of your functions, so they are right if
# yours are:

# %%
affine_relu_test()

# %% [markdown]
# ### Losses
#
# The last layer is given too: `softmax_loss` and `svm_loss` take scores and labels and return the loss
# *and* its gradient in the scores at once. You derived the first one in the last notebook. For scores near
# zero there is nothing to tell ten classes apart; what should the two losses be then?

# %% folded="look_at: a loss, and its gradient against the numeric one"
rng = np.random.default_rng(0)
scores, labels = 1e-3 * rng.normal(size=(50, 10)), rng.integers(10, size=50)


def look_at(loss_layer):
    """Print a loss and how well its gradient agrees with the numeric one."""
    loss, dscores = loss_layer(scores, labels)
    numeric = eval_numerical_gradient(lambda s: loss_layer(s, labels)[0], scores, verbose=False)
    print(f"{loss_layer.__name__}: {loss:.3f}, gradient error {rel_error(dscores, numeric):.1e}")


# %%
look_at(softmax_loss)
look_at(svm_loss)

# %% numbers="losses-of-small-scores"
softmax_loss(scores, labels)[0]  # shown: 2.303 ± 0.001
svm_loss(scores, labels)[0]  # shown: 9.00 ± 0.01
np.log(10)  # shown: 2.303

# %% [markdown]
# ## 2. Two layers, again
#
# `TwoLayerNet` in `nndl/fc_net.py` is the network of the last notebook, made of layers: affine, ReLU,
# affine, softmax.
#
# First `__init__`: four arrays in `self.params`. The docstring of the class has their names and shapes.

# %% exercise="fc_net.TwoLayerNet.__init__"
check(TwoLayerNet.__init__)

# %% [markdown]
# Then `loss`, in two boxes: the scores; the loss and the gradients. Call layers, hand on what they return,
# add the penalty $\frac12 \lambda \sum W^2$ for both weight matrices, and do not forget what it adds to
# *their* gradients. With fixed numbers for parameters the scores and the loss are known:

# %% folded="The known scores and losses beside yours"
net = TwoLayerNet(input_dim=5, hidden_dims=50, num_classes=7)
for name, (first, last) in {
    "W1": (-0.7, 0.3),
    "b1": (-0.1, 0.9),
    "W2": (-0.3, 0.4),
    "b2": (-0.9, 0.1),
}.items():
    shape = net.params[name].shape
    net.params[name] = np.linspace(first, last, num=np.prod(shape)).reshape(shape)
X = np.linspace(-5.5, 4.5, num=15).reshape(5, 3).T
y = np.array([0, 5, 1])

known_scores = [
    [11.53165108, 12.2917344, 13.05181771, 13.81190102, 14.57198434, 15.33206765, 16.09215096],
    [12.05769098, 12.74614105, 13.43459113, 14.1230412, 14.81149128, 15.49994135, 16.18839143],
    [12.58373087, 13.20054771, 13.81736455, 14.43418138, 15.05099822, 15.66781506, 16.2846319],
]
show_known_values({"scores": known_scores}, {"scores": net.loss(X)})
losses = {}
for reg in (0, 1):
    net.reg = reg
    losses[f"loss, reg {reg}"], _ = net.loss(X, y)
show_known_values({"loss, reg 0": 3.4702243556, "loss, reg 1": 26.5948426952}, losses)

# %% exercise="fc_net.TwoLayerNet.loss"
check(TwoLayerNet.loss)

# %% [markdown]
# ## 3. A solver
#
# The network knows its loss; how it is trained is not its business. A `Solver` (in `utils/solver.py`) takes
# a network and data, draws minibatches, calls `loss`, applies an update rule from `nndl/optim.py` to every
# parameter, and keeps the best parameters it has seen.

# %%
data = get_CIFAR10_data()
for name in ("X_train", "X_val", "X_test"):
    print(name, data[name].shape)

# %% [markdown]
# Train a `TwoLayerNet` with 200 hidden units to at least **50 %** validation accuracy. What you learned
# about learning rates in the last notebook still holds. Look at the docstring of `Solver` for what it can
# do.

# %% solution="solver-two-layer"
net = None  # a TwoLayerNet with hidden_dims=200
solver = None  # its Solver, after training

### BEGIN SOLUTION
np.random.seed(0)
net = TwoLayerNet(hidden_dims=200, reg=0.5)
solver = Solver(
    net,
    data,
    optim_config={"learning_rate": 1.5e-3},
    lr_decay=0.85,
    batch_size=200,
    num_epochs=8,
    print_every=245,
)
solver.train()
### END SOLUTION

# %%
plot_history(solver)
plt.show()
show_net_weights(net.params["W1"][:, :64], title="What 64 of the 200 hidden units look for")
plt.show()
print(f"best validation accuracy {solver.best_val_acc:.1%}")

# %% numbers="solver"
100 * solver.best_val_acc  # shown: > 50

# %% [markdown]
# ## 4. Any depth
#
# Now the general network:
#
# $$\{\text{affine} - \text{ReLU}\} \times (L - 1) - \text{affine} - \text{softmax}.$$
#
# `FullyConnectedNet` takes a list of hidden sizes. Its arguments for normalisation and dropout belong to
# HW4 and can be left alone.
#
# First `__init__`: `W1`, `b1`, … `WL`, `bL`. Mind the sizes where two layers meet.

# %% exercise="fc_net.FullyConnectedNet.__init__"
check(FullyConnectedNet.__init__)

# %% [markdown]
# Then `loss`: one loop forward that stacks up the caches, one loop backward that takes them off again. Two
# looks before the check. **The first loss**: with small random weights the scores are near zero, so without
# penalty it should be $\ln 10 \approx 2.303$ (why?), and with penalty more. **The gradients**, against
# numeric ones: errors around $10^{-6}$ or less are right. A hidden layer is `self.hidden_forward(layer, x)` on the way
# there and `self.hidden_backward(layer, dout, cache)` on the way back: for now an affine layer and a ReLU, in HW4 more.

# %% folded="look_at_net: first loss and gradients of a small network"
np.random.seed(0)
X, y = np.random.randn(2, 15), np.array([3, 8])


def look_at_net(reg):
    """Print the first loss of a small network and how well its gradients agree with the numeric ones."""
    net = FullyConnectedNet([20, 30], input_dim=15, reg=reg, weight_scale=5e-2, dtype=np.float64)
    loss, grads = net.loss(X, y)
    print(f"reg {reg}: first loss {loss:.4f}")
    for name, value in sorted(net.params.items()):
        numeric = eval_numerical_gradient(lambda _: net.loss(X, y)[0], value, verbose=False)
        print(f"    {name}: largest relative error {rel_error(grads[name], numeric):.1e}")


# %%
look_at_net(reg=0.0)
look_at_net(reg=3.14)


# %% numbers="first-look"
def gradient_error(reg):
    """Largest relative error of the gradients of the small network."""
    np.random.seed(1)
    net = FullyConnectedNet([20, 30], input_dim=15, reg=reg, weight_scale=5e-2, dtype=np.float64)
    _, grads = net.loss(X, y)
    return max(
        rel_error(grads[name], eval_numerical_gradient(lambda _: net.loss(X, y)[0], value, verbose=False))
        for name, value in net.params.items()
    )


max(gradient_error(0.0), gradient_error(3.14))  # shown: < 1e-5
np.random.seed(1)
FullyConnectedNet([20, 30], input_dim=15, weight_scale=5e-2, dtype=np.float64).loss(X, y)[0]  # shown: 2.303 ± 0.01
FullyConnectedNet([20, 30], input_dim=15, reg=3.14, weight_scale=5e-2, dtype=np.float64).loss(X, y)[0]  # shown: > 3

# %% [markdown]
# **Play with it.** Why do the numeric derivatives take a step of $10^{-5}$, in float64? Find the bottom of each valley,
# then put $x$ on the kink of your ReLU, and beside it.

# %%
GradientExplorer(layers)

# %% exercise="fc_net.FullyConnectedNet.loss"
check(FullyConnectedNet.loss)

# %% [markdown]
# **Play with it.** Your network learns two classes of points in the plane. Each unit of its first layer is a line. Step
# through the minibatches: which lines turn, and which points turn them? How few units close a ring?

# %%
BoundaryExplorer(FullyConnectedNet)

# %% [markdown]
# ## 5. What depth makes harder
#
# A network that cannot learn fifty images by heart has a mistake in it, or a bad setting. It is the
# cheapest test there is, so do it before any long training. Three layers of 100 units first: reach **100 %
# training accuracy within 20 epochs**. Find a `learning_rate` and a `weight_scale` that do it.

# %%
small_data = {
    "X_train": data["X_train"][:50],
    "y_train": data["y_train"][:50],
    "X_val": data["X_val"],
    "y_val": data["y_val"],
}


def overfit(hidden_dims, learning_rate, weight_scale, verbose=False):
    """Train on fifty images for 20 epochs; returns the solver."""
    np.random.seed(0)
    net = FullyConnectedNet(hidden_dims, weight_scale=weight_scale)
    solver = Solver(
        net,
        small_data,
        optim_config={"learning_rate": learning_rate},
        batch_size=25,
        num_epochs=20,
        num_val_samples=100,
        verbose=verbose,
    )
    solver.train()
    return solver


# %% solution="overfit-three-layers"
# Set learning_rate and weight_scale. (1e-4 and 1e-2 are not good enough.)
### BEGIN SOLUTION
learning_rate, weight_scale = 3e-3, 3e-2
### END SOLUTION
three = overfit([100, 100], learning_rate, weight_scale)
print(f"three layers: training accuracy {max(three.train_acc_history):.0%}")

# %% [markdown]
# Now five layers of 100 units. The same goal, the same two settings to find; start from what worked above.

# %% solution="overfit-five-layers"
# Set learning_rate and weight_scale again.
### BEGIN SOLUTION
learning_rate, weight_scale = 2e-3, 6e-2
### END SOLUTION
five = overfit([100, 100, 100, 100], learning_rate, weight_scale)
print(f"five layers: training accuracy {max(five.train_acc_history):.0%}")

# %% numbers="by-heart"
100 * max(three.train_acc_history)  # shown: 100
100 * max(five.train_acc_history)  # shown: 100
max(overfit([100, 100], 1e-4, 1e-2).train_acc_history)  # shown: < 0.5
max(overfit([100, 100, 100, 100], 3e-3, 3e-2).train_acc_history)  # shown: < 0.9

# %% folded="Draw the loss and the accuracy of both networks"
fig, (losses, accuracies) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for name, run in {"three layers": three, "five layers": five}.items():
    losses.semilogy(np.maximum(run.loss_history, 1e-5), label=name)
    accuracies.plot(run.train_acc_history, label=name)
losses.set(xlabel="iteration", ylabel="loss", title="Fifty images by heart: loss")
accuracies.set(xlabel="epoch", ylabel="training accuracy", title="Accuracy")
accuracies.xaxis.get_major_locator().set_params(integer=True)
accuracies.legend()
plt.show()

# %% [markdown]
# ### Why?
#
# Every point of this map is one training run: bright means that the fifty images were learned. Compare how
# much room there is to be right with three layers and with five.

# %%
scales, rates = np.logspace(-2.5, -0.5, 7), np.logspace(-4, -1.5, 6)
maps = {}
for hidden_dims in ([100, 100], [100, 100, 100, 100]):
    reached = maps[len(hidden_dims) + 1] = np.empty((len(rates), len(scales)))
    for row, col in np.ndindex(*reached.shape):
        with np.errstate(all="ignore"):  # some corners of the map explode, and that is the point
            reached[row, col] = max(overfit(hidden_dims, rates[row], scales[col]).train_acc_history)

# %% folded="Draw both maps"
fig, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
for ax, (layers_in_all, reached) in zip(axes, maps.items(), strict=True):
    extent = (-2.5 - 1 / 6, -0.5 + 1 / 6, -4 - 1 / 4, -1.5 + 1 / 4)  # half a cell beyond the outermost runs
    shown = ax.imshow(reached, origin="lower", extent=extent, aspect="auto", cmap="cividis", vmin=0, vmax=1)
    ax.set(xlabel=r"$\log_{10}$ weight scale", title=f"{layers_in_all} layers")
    ax.grid(visible=False)
axes[0].set_ylabel(r"$\log_{10}$ learning rate")
fig.colorbar(shown, ax=axes, label="best training accuracy")
plt.show()

# %% [markdown]
# What goes wrong at the edges of the map is visible before any training. Send a minibatch through
# five-layer networks whose weights start at three different scales. Above: how large the activations are,
# layer by layer. Below: how large a gradient reaches each weight matrix.

# %% folded="Draw activations and gradients before training"
X, y = data["X_train"][:200], data["y_train"][:200]
hidden_dims = [100, 100, 100, 100]
initial_scales = (1e-2, 6e-2, 3e-1)

fig, axes = plt.subplots(1, len(initial_scales), figsize=(12, 3.8), sharex=True, sharey=True, layout="constrained")
gradient_sizes = {}
for ax, scale in zip(axes, initial_scales, strict=True):
    np.random.seed(0)
    net = FullyConnectedNet(hidden_dims, weight_scale=scale, dtype=np.float64)
    hidden = X
    for layer, line in zip(range(1, 5), ("-", "--", "-.", ":"), strict=True):
        W, b = net.params[f"W{layer}"], net.params[f"b{layer}"]
        hidden, _ = affine_relu_forward(hidden, W, b)
        counts, edges = np.histogram(np.log10(hidden[hidden > 0]), bins=60, range=(-4, 5))
        ax.stairs(counts, edges, linestyle=line, linewidth=1.6, label=f"layer {layer}")
    ax.set(xlabel=r"$\log_{10}$ activation, where above 0", title=f"weight scale {scale:g}")
    _, grads = net.loss(X, y)
    gradient_sizes[scale] = [np.abs(grads[f"W{i}"]).mean() for i in range(1, 6)]
axes[0].set_ylabel("activations")
axes[0].legend()
fig.suptitle("Activations before training")

fig, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
for scale, sizes in gradient_sizes.items():
    ax.semilogy(range(1, 6), sizes, label=f"weight scale {scale:g}", markevery=1)
ax.set(xlabel="layer", ylabel=r"mean of $|\partial L / \partial W|$", title="Gradients before training")
ax.set_xticks(range(1, 6))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# **Play with it.** The same pass in your network, one array at a step: there, and back with a gradient of the same
# shape. Drag the weight scale. Where do the arrows grow thin, and at which scale do they stay as they are?

# %%
GradientFlowExplorer(FullyConnectedNet, layers)

# %% [markdown]
# **Question 2.** Which of the two networks was harder to train, and which setting was it sensitive to?
# Explain it with the pictures: what does each layer do to the size of what passes through it, and what do
# four such layers do?

# %% [markdown] written="three-against-five"
# ### BEGIN SOLUTION
# The five-layer network, and the setting is the weight scale. Each layer multiplies the size of its input
# by a factor proportional to the weight scale (about $\text{scale} \cdot \sqrt{\text{fan-in} / 2}$ for
# random weights and a ReLU); backward it multiplies the gradient by a factor of the same kind. Layers in a
# row multiply these factors, so with more layers the same scale has a much larger effect.
#
# The gradient of a weight matrix is what arrives from the front times what arrives from the back. At scale
# 0.01 every layer of 100 inputs shrinks the activations more than tenfold, and so do the gradients shrink on
# their way back: near the loss the one is tiny, near the input the other, so *all* matrices get hardly any
# gradient, hundreds of times less than at 0.06, and no learning rate on the map helps. At 0.3 both grow, the
# first loss is in the tens of thousands, and a step overshoots. With three layers a wide range of scales
# works, with five a narrow one.
#
# A scale that keeps the factor at one, $\sqrt{2 / \text{fan-in}}$ (He et al., 2015), keeps the sizes about
# equal through many more layers than five. HW4 shows other ways out.
# ### END SOLUTION


# %% numbers="sizes"
def sizes(scale, depth=4, width=100):
    """Root mean square of the activations, layer by layer; `scale` may depend on the fan-in."""
    rng, hidden, found = np.random.default_rng(0), X.reshape(len(X), -1), []
    for _ in range(depth):
        fan_in = hidden.shape[1]
        W = rng.normal(scale=scale(fan_in), size=(fan_in, width))
        hidden, _ = affine_relu_forward(hidden, W, np.zeros(width))
        found.append(np.sqrt(np.mean(hidden**2)))
    return np.array(found)


small, large = sizes(lambda _: 0.01), sizes(lambda _: 0.3)
(small[:-1] / small[1:]).min()  # shown: > 10
0.01 * np.sqrt(100 / 2) / (small[1:] / small[:-1]).mean()  # shown: 1.0 ± 0.2
(large[1:] / large[:-1]).min()  # shown: > 1.5
np.divide(gradient_sizes[6e-2], gradient_sizes[1e-2]).min()  # shown: > 300
np.random.seed(0)
FullyConnectedNet(hidden_dims, weight_scale=0.3).loss(X, y)[0]  # shown: > 10000
maps[5][:, :3].max()  # shown: < 0.5
(maps[3] == 1).any(axis=0).sum()  # shown: 5.5 ± 0.6
(maps[5] == 1).any(axis=0).sum()  # shown: 2.5 ± 0.6
kept = sizes(lambda fan_in: np.sqrt(2 / fan_in), depth=20)
0.2 < kept[-1] / kept[0] < 5  # shown: True

# %% [markdown]
# **Question 3.** You looked at the *first* loss of a network before training it. Which mistakes would this
# one number have shown you, and which not? Name two of each.

# %% [markdown] written="first-loss"
# ### BEGIN SOLUTION
# It shows mistakes in the forward pass that make the scores large or the loss wrongly scaled: a sum over
# the minibatch where there should be a mean, a weight scale that is far too large, a penalty that is missing
# or doubled, a wrong number of classes.
#
# It does not show anything about the backward pass (a wrong gradient has the same first loss), nor mistakes
# that leave small scores small: a missing ReLU, examples paired with the wrong labels, data that were not
# shuffled. Nor a penalty on the biases, too: they start at 0, where it is 0.
# ### END SOLUTION


# %% numbers="shown-by-the-first-loss"
def first_net(**settings):
    """A small network before training."""
    np.random.seed(0)
    return FullyConnectedNet([20, 30], input_dim=15, dtype=np.float64, **{"weight_scale": 5e-2, "reg": 1.0} | settings)


rng = np.random.default_rng(0)
many, their_labels = rng.normal(size=(40, 15)), rng.integers(10, size=40)
right, plain = first_net().loss(many, their_labels)[0], first_net(reg=0.0).loss(many, their_labels)[0]
plain  # shown: 2.303 ± 0.01
right - plain > 0.5  # shown: True
first_net(weight_scale=1.0, reg=0.0).loss(many, their_labels)[0] > 10  # shown: True
abs(first_net(num_classes=5, reg=0.0).loss(many, their_labels % 5)[0] - np.log(5))  # shown: < 0.01
abs(first_net(reg=0.0).loss(many, rng.permutation(their_labels))[0] - plain)  # shown: < 0.01
sum((value**2).sum() for name, value in first_net().params.items() if name.startswith("b"))  # shown: 0
weights = [first_net().params[f"W{layer}"] for layer in (1, 2, 3)]
abs(softmax_loss(many @ weights[0] @ weights[1] @ weights[2], their_labels)[0] - plain)  # shown: < 0.01

# %% [markdown]
# That is the whole machine. In HW4 you make it faster to train (better update rules), easier to train deep
# (normalisation), and less ready to learn its images by heart (dropout). Everything you wrote here goes with you.
#
# ## Further
#
# Ungraded, for those who want to go on. In each case say first what you expect, then try it.
#
# **A start that looks at the data.** The map above showed how few scales suit five layers. Instead of
# searching, send one minibatch through the net before training, layer by layer, and divide each weight matrix
# by the standard deviation of what it gives. Known: with orthogonal matrices to begin with, nets far deeper
# than these train from such a start without normalisation layers. Does it do with Gaussian ones? Draw the map
# for ten layers, learning rate against the size aimed at. D. Mishkin, J. Matas, "All you need is a good
# init", *ICLR* 2016.
#
# **Fifty images with wrong labels.** Shuffle the fifty labels and repeat the overfitting. Known: large nets
# learn even random labels by heart, so that the number of weights says little about what a net will do on new
# images. How many more epochs does it take, how does that grow with the number of images, and do penalty or
# width change it? C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals, "Understanding deep learning requires
# rethinking generalization", *ICLR* 2017.

# %% numbers="random-labels"
true_labels = small_data["y_train"]
small_data["y_train"] = np.random.default_rng(0).permutation(true_labels)
max(overfit([100, 100], learning_rate=3e-3, weight_scale=3e-2).train_acc_history)  # shown: > 0.9
small_data["y_train"] = true_labels

# %% [markdown]
# ### To try: softer labels
#
# *This one earns no points and need not be handed in: it is here for the fun of it.*
#
# With the softmax loss no score is ever high enough: the loss falls a little further whenever the score of the right
# class rises, so a network that has learned an image goes on to become surer of it. **Label smoothing**
# [(Szegedy et al., 2016, section 7)](https://arxiv.org/abs/1512.00567) asks for less. It takes a share
# $\varepsilon$ of each label away and spreads it evenly over all $C$ classes, the right one among them:
#
# $$q_c = (1 - \varepsilon)\, [c = y] + \frac{\varepsilon}{C}, \qquad L = -\sum_c q_c \log p_c ,$$
#
# averaged over the minibatch as usual. This is smallest where $p = q$, at finite scores. The gradient in the scores
# is as simple as it was: which two distributions does it compare? It is known that the probabilities of networks
# trained in this way come closer to how often they are right, and that such networks make worse teachers for other
# ones [(Müller et al., 2019)](https://arxiv.org/abs/1906.02629).
#
# Write `smoothed_softmax_loss` in `nndl/further.py`; the logarithms of the probabilities are there already.

# %% further="further.smoothed_softmax_loss"
from nndl.further import smoothed_softmax_loss

check(smoothed_softmax_loss)

# %% [markdown]
# One image with ten classes, and gradient descent on its ten scores themselves. How far does the score of the
# right class get from the others?

# %%
margins = {}
for smoothing in (0.0, 0.1, 0.3):
    scores_of_one, margins[smoothing] = np.zeros((1, 10)), []
    for _ in range(3000):
        _, dscores = smoothed_softmax_loss(scores_of_one, np.array([3]), smoothing)
        scores_of_one = scores_of_one - dscores
        margins[smoothing].append(scores_of_one[0, 3] - scores_of_one[0, 0])

# %% folded="Draw the margins"
fig, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
for smoothing, margin in margins.items():
    ax.semilogx(np.arange(1, 3001), margin, label=f"smoothing {smoothing}")
ax.set(xlabel="step", ylabel="right score minus another", title="Only plain labels ask for ever more")
ax.legend()
plt.show()

# %% [markdown]
# Without smoothing the distance grows with the logarithm of the number of steps, and never stops. With a share of 0.1
# it comes to rest where the right class has a probability of 0.91, at a distance of $\ln 91$, about 4.51.

# %% numbers="label-smoothing"
1 - 0.1 + 0.1 / 10  # shown: 0.91
margins[0.1][-1]  # shown: 4.51
margins[0.1][-1] - np.log(91)  # shown: 0.00
(margins[0.0][-1] - margins[0.0][299]) / np.log(10)  # shown: 1.00 ± 0.05
