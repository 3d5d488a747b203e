# %% [markdown]
# # Keeping activations in shape
#
# In a deep network every layer works on what the layers before it make, and that changes with every step
# they take. Activations shrink or grow from layer to layer, and depth multiplies it. You can search for the
# one weight scale that is just right, or you can *build in* what you want: that the activations of every
# unit have mean 0 and variance 1. That is batch normalisation
# [(Ioffe and Szegedy, 2015)](https://arxiv.org/abs/1502.03167), and it is a layer like any other, with a
# forward and a backward pass.
#
# | | what you do | where |
# |---|---|---|
# | 1 | batch normalisation, forward: training and test time | `nndl/layers.py` |
# | 2 | backward: along the graph, and in closed form | `nndl/layers.py` |
# | 3 | in a network | `nndl/layer_utils.py`, `nndl/fc_net.py` |
# | 4 | three experiments: depth, weight scale, batch size | here, in code and in writing |
# | 5 | layer normalisation, and its experiment | `nndl/layers.py`, here |

# %% folded="Set-up: run this cell first"
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import timeit

import matplotlib.pyplot as plt
import numpy as np

from nndl import layers
from nndl.fc_net import FullyConnectedNet
from nndl.layer_utils import affine_batchnorm_relu_backward, affine_batchnorm_relu_forward
from nndl.layers import (
    affine_forward,
    batchnorm_backward,
    batchnorm_backward_alt,
    batchnorm_forward,
    layernorm_backward,
    layernorm_forward,
    relu_forward,
)
from nndl.optim import adam
from utils.checks import check
from utils.data_utils import get_CIFAR10_data
from utils.experiments import run_each
from utils.explorers import BatchNormExplorer, GradientFlowExplorer, WeightScaleExplorer
from utils.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array, rel_error
from utils.known_values import show_known_values
from utils.solver import Solver, blas_at_rest
from utils.vis_utils import course_style

course_style()

# %% [markdown]
# ## 1. Forward
#
# A minibatch $x$ is a table: $N$ examples (rows), $D$ features (columns), one for each unit. For every
# column by itself:
#
# $$\mu = \frac1N \sum_n x_n, \qquad \sigma^2 = \frac1N \sum_n (x_n - \mu)^2, \qquad
# \hat x_n = \frac{x_n - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad
# \text{out}_n = \gamma\, \hat x_n + \beta .$$
#
# $\varepsilon$ keeps a column that never changes from dividing by zero. $\gamma$ and $\beta$ are learned,
# one of each per column: the network may undo the normalisation where that serves it better, but now the
# mean and the spread of a unit are *one* parameter each, and not the outcome of all the layers below.
#
# **At test time** an example should get the same answer whoever else is in the minibatch. So training keeps
# running statistics, which stand in for $\mu$ and $\sigma^2$ later:
#
# $$\text{running} \leftarrow m \cdot \text{running} + (1 - m) \cdot \text{sample} .$$
#
# They live in `bn_param`, so that they survive from call to call. Test mode uses them and leaves them alone.
#
# Write `batchnorm_forward` in `nndl/layers.py`, both modes. Then look at what it does to three units whose
# activations are a mess:

# %%
rng = np.random.default_rng(0)
mess = np.stack(
    [rng.normal(-6, 1, 2000), rng.exponential(4, 2000), rng.normal([[0], [9]], 1.5, (2, 1000)).ravel()], axis=1
)
normalised, _ = batchnorm_forward(mess, np.ones(3), np.zeros(3), {"mode": "train"})
scaled, _ = batchnorm_forward(mess, np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]), {"mode": "train"})

# %% folded="Draw the activations of the three units, before and after"
fig, axes = plt.subplots(1, 3, figsize=(12, 3.6), sharey=True, layout="constrained")
panels = {"before": mess, "normalised": normalised, "scaled": scaled}
titles = ("before", r"normalised: $\gamma = 1$, $\beta = 0$", r"$\gamma = 1, 2, 3$ and $\beta = 4, 5, 6$")
for ax, title, (name, values) in zip(axes, titles, panels.items(), strict=True):
    for unit, (line, colour) in enumerate(zip(("-", "--", "-."), ("#0072B2", "#D55E00", "#009E73"), strict=True)):
        counts, edges = np.histogram(values[:, unit], bins=60, range=(-12, 18), density=True)
        ax.stairs(counts, edges, linestyle=line, color=colour, linewidth=1.6, label=f"unit {unit + 1}")
    ax.set(xlabel="activation", title=title)
    print(f"{name:10} means {values.mean(axis=0).round(3)}, standard deviations {values.std(axis=0).round(3)}")
axes[0].set_ylabel("density")
axes[0].legend()
plt.show()

# %% [markdown]
# The shapes stay, the places and widths are the ones you asked for. Now the running statistics. A unit has
# mean 3 and variance 4, the network sees it in minibatches of 32; how fast does it find out? Try other
# momenta.

# %%
momenta, steps = (0.5, 0.9, 0.98), 150

# %% folded="Follow the running statistics, and draw them"
fig, axes = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
for momentum in momenta:
    rng = np.random.default_rng(1)
    bn_param, means, variances = {"mode": "train", "momentum": momentum}, [], []
    for _ in range(steps):
        batchnorm_forward(rng.normal(3, 2, size=(32, 1)), np.ones(1), np.zeros(1), bn_param)
        means.append(bn_param["running_mean"][0])
        variances.append(bn_param["running_var"][0])
    axes[0].plot(means, label=f"momentum {momentum}")
    axes[1].plot(variances)
for ax, name, truth in zip(axes, ("mean", "variance"), (3, 4), strict=True):
    ax.axhline(truth, color="black", linestyle=":", marker="", linewidth=1.6, label="the truth")
    ax.set(xlabel="minibatch", ylabel=f"running {name}", title=f"Running {name}")
axes[0].legend()
plt.show()

# %% [markdown]
# A long memory is slow to start and quiet in the end. Last look before the check: one example, thirty times,
# in ever different company. In training its output depends on the others, at test time it must not.

# %%
rng = np.random.default_rng(2)
bn_param = {"mode": "train"}
for _ in range(200):
    batchnorm_forward(rng.normal(3, 2, size=(32, 1)), np.ones(1), np.zeros(1), bn_param)

in_training, in_testing = [], []
for _ in range(30):
    company = rng.normal(3, 2, size=(8, 1))
    company[0] = 4.0  # our example
    in_training.append(batchnorm_forward(company, np.ones(1), np.zeros(1), {"mode": "train"})[0][0, 0])
    in_testing.append(batchnorm_forward(company, np.ones(1), np.zeros(1), {**bn_param, "mode": "test"})[0][0, 0])

# %% folded="Draw the outputs in training and at test time"
fig, ax = plt.subplots(figsize=(8, 3.4), layout="constrained")
ax.plot(in_training, linestyle="none", markevery=1, label="mode train")
ax.plot(in_testing, linestyle="none", markevery=1, label="mode test")
ax.set(xlabel="minibatch of 8", ylabel="output for x = 4", title="One example in different company")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% exercise="layers.batchnorm_forward"
check(batchnorm_forward)

# %% [markdown]
# The course CS231n sends 200 random rows through two layers, normalises the three columns that come out, and prints
# their means and standard deviations. Its numbers beside yours: before, with two pairs of $\gamma$ and $\beta$, and
# at test time, after 50 minibatches.

# %% folded="The known means and standard deviations beside yours"
np.random.seed(231)
X, W1, W2 = np.random.randn(200, 50), np.random.randn(50, 60), np.random.randn(60, 3)
columns = np.maximum(0, X @ W1) @ W2
plain, _ = batchnorm_forward(columns, np.ones(3), np.zeros(3), {"mode": "train"})
shifted, _ = batchnorm_forward(columns, np.array([1.0, 2.0, 3.0]), np.array([11.0, 12.0, 13.0]), {"mode": "train"})

np.random.seed(231)
W1, W2, bn_param = np.random.randn(50, 60), np.random.randn(60, 3), {"mode": "train"}
for _ in range(50):
    batchnorm_forward(np.maximum(0, np.random.randn(200, 50) @ W1) @ W2, np.ones(3), np.zeros(3), bn_param)
bn_param["mode"] = "test"
later = np.maximum(0, np.random.randn(200, 50) @ W1) @ W2
at_test_time, _ = batchnorm_forward(later, np.ones(3), np.zeros(3), bn_param)

show_known_values(
    {
        "before: means": [-2.3814598, -13.18038246, 1.91780462],
        "before: stds": [27.18502186, 34.21455511, 37.68611762],
        "γ = 1, β = 0: means": [0, 0, 0],
        "γ = 1, β = 0: stds": [0.99999999, 1, 1],
        "γ = 1 2 3, β = 11 12 13: means": [11, 12, 13],
        "γ = 1 2 3, β = 11 12 13: stds": [0.99999999, 1.99999999, 2.99999999],
        "test time: means": [-0.03927354, -0.04349152, -0.10452688],
        "test time: stds": [1.01531428, 1.01238373, 0.97819988],
    },
    {
        f"{name}: {statistic}": values.mean(axis=0) if statistic == "means" else values.std(axis=0)
        for name, values in {
            "before": columns,
            "γ = 1, β = 0": plain,
            "γ = 1 2 3, β = 11 12 13": shifted,
            "test time": at_test_time,
        }.items()
        for statistic in ("means", "stds")
    },
)

# %% [markdown]
# **Question 1.** Someone forgets the running statistics and lets the network normalise with the minibatch's
# own ones at test time, too. The accuracy measured on the validation set in minibatches of 100 is fine.
# Name two situations in which this goes wrong in use. And what does batch normalisation put out, in
# training, for a minibatch of one example?

# %% [markdown] written="why-running-statistics"
# ### BEGIN SOLUTION
# *One image at a time:* then $\mu = x$ and $\hat x = 0$ whatever the image is; the network answers
# the same for all. *Company that is unlike the training set:* a minibatch sorted by class, or a hundred
# frames of the same video. The statistics are those of that company, and what makes the images what they
# are is subtracted. In both cases the answer for an image depends on the others, so that the same image
# can get two labels.
#
# For a single example $x - \mu = 0$, so that the output is $\beta$ for every input and no gradient reaches
# the layers below. Batch normalisation needs minibatches of several examples.
# ### END SOLUTION

# %% numbers="one-example"
alone, shift = np.array([[3.0, -2.0, 0.5, 7.0]]), np.array([1.0, 2.0, 3.0, 4.0])
answer, kept = batchnorm_forward(alone, np.full(4, 5.0), shift, {"mode": "train"})
np.abs(answer - shift).max()  # shown: 0
np.abs(batchnorm_backward(np.array([[1.0, -1.0, 2.0, 0.3]]), kept)[0]).max()  # shown: 0

# %% [markdown]
# ## 2. Backward
#
# The formula looks like one step, but $x$ enters it three times: by itself, in $\mu$, and in $\sigma^2$
# (which also contains $\mu$). Draw the graph, and every step becomes one you have done before.
#
# ![Computation graph to fill in: x of shape (N, D) goes to the mean μ of shape (D) and to c = x − μ; c goes to σ²,
# the mean of c squared, and to x hat = c · s; σ² gives s, one over the root of σ² + ε, which enters x hat, too; then
# γ · x hat + β gives out. A question mark stands for the gradient on every arrow but the last, where dout comes
# in.](batchnorm-graph.svg)

# %% picture="batchnorm-graph"
from utils.graph_drawing import Edge, draw_graph
from utils.vis_utils import course_style

course_style()
draw_graph(
    {
        "$x$": (0, 0),
        r"$\mu$": (2, 1.6),
        r"$c = x - \mu$": (4, 0),
        r"$\sigma^2 = \overline{c^2}$": (6.3, 1.6),
        r"$s = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}$": (9, 1.6),
        r"$\hat{x} = c \cdot s$": (9, 0),
        r"$\gamma \hat{x} + \beta$": (11.8, 0),
        "out": (13.8, 0),
        r"$\gamma, \beta$": (11.8, 1.6),
    },
    [
        Edge("$x$", r"$\mu$", "$(N, D)$", "?"),
        Edge("$x$", r"$c = x - \mu$", "$(N, D)$", "?"),
        Edge(r"$\mu$", r"$c = x - \mu$", "$(D)$", "?"),
        Edge(r"$c = x - \mu$", r"$\sigma^2 = \overline{c^2}$", "$(N, D)$", "?"),
        Edge(r"$c = x - \mu$", r"$\hat{x} = c \cdot s$", "$(N, D)$", "?"),
        Edge(r"$\sigma^2 = \overline{c^2}$", r"$s = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}$", "$(D)$", "?"),
        Edge(r"$s = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}$", r"$\hat{x} = c \cdot s$", "$(D)$", "?"),
        Edge(r"$\hat{x} = c \cdot s$", r"$\gamma \hat{x} + \beta$", "$(N, D)$", "?"),
        Edge(r"$\gamma, \beta$", r"$\gamma \hat{x} + \beta$", "$(D)$", "?"),
        Edge(r"$\gamma \hat{x} + \beta$", "out", "", "dout"),
    ],
    title="Batch normalisation, step by step: at x and at c, gradients meet and add",
)

# %% [markdown]
# Two reminders. What is spread over the rows on the way forward (a $(D)$ that meets an $(N, D)$) is summed
# over the rows on the way back. And a mean hands every row its share, $1/N$.
#
# Write `batchnorm_backward`. Compare with numeric gradients: errors of $10^{-8}$ are right.


# %% folded="look_at_backward: gradients against numeric ones"
def look_at_backward(backward, forward=batchnorm_forward, rows=5, columns=4):
    """Print how well the gradients of a normalisation agree with numeric ones."""
    rng = np.random.default_rng(3)
    x, dout = rng.normal(7, 3, size=(rows, columns)), rng.normal(size=(rows, columns))
    gamma, beta = rng.normal(size=columns), rng.normal(size=columns)
    _, cache = forward(x, gamma, beta, {"mode": "train"})
    numeric = {
        "dx": eval_numerical_gradient_array(lambda v: forward(v, gamma, beta, {"mode": "train"})[0], x, dout),
        "dgamma": eval_numerical_gradient_array(lambda v: forward(x, v, beta, {"mode": "train"})[0], gamma, dout),
        "dbeta": eval_numerical_gradient_array(lambda v: forward(x, gamma, v, {"mode": "train"})[0], beta, dout),
    }
    for (name, expected), got in zip(numeric.items(), backward(dout, cache), strict=True):
        print(f"{name:7} shape {got.shape}, largest relative error {rel_error(got, expected):.1e}")


# %%
look_at_backward(batchnorm_backward)

# %% exercise="layers.batchnorm_backward"
check(batchnorm_backward)

# %% [markdown]
# ### The same, on one line
#
# Put the steps together on paper and most of it cancels. You only need how one output $\hat x_m$ of a
# column changes with one input $x_n$ of it. Write $s = 1/\sqrt{\sigma^2 + \varepsilon}$, find
# $\partial \mu / \partial x_n$ and $\partial s / \partial x_n$, and then sum
# $\sum_m \gamma\, \text{dout}_m\, \partial \hat x_m / \partial x_n$. Two of the sums that appear are old
# friends: they are gradients you already have.
#
# **Question 2.** Write down the derivation and its result.

# %% [markdown] written="closed-form"
# ### BEGIN SOLUTION
# For one column. The mean: $\partial \mu / \partial x_n = 1/N$. The variance:
# $\partial \sigma^2 / \partial x_n = \frac2N (x_n - \mu)$ (the part through $\mu$ vanishes, because
# $\sum_m (x_m - \mu) = 0$). So
# $$\frac{\partial s}{\partial x_n} = -\tfrac12 s^3 \cdot \tfrac2N (x_n - \mu) = -\tfrac1N s^2\, \hat x_n .$$
# With $\hat x_m = (x_m - \mu)\, s$ the product rule gives
# $$\frac{\partial \hat x_m}{\partial x_n} = s \left( [m = n] - \tfrac1N \right)
# - (x_m - \mu)\, \tfrac1N s^2\, \hat x_n = s \left( [m = n] - \tfrac1N - \tfrac1N \hat x_m \hat x_n \right).$$
# Multiply by $\gamma\, \text{dout}_m$ and sum over $m$. With $\sum_m \text{dout}_m = d\beta$ and
# $\sum_m \text{dout}_m \hat x_m = d\gamma$:
# $$dx_n = \gamma\, s \left( \text{dout}_n - \tfrac1N\, d\beta - \tfrac1N\, \hat x_n\, d\gamma \right).$$
# In words: of the upstream gradient, whatever would move the mean or stretch the column is taken away,
# because the normalisation would undo it at once.
# ### END SOLUTION

# %% [markdown]
# Write it as `batchnorm_backward_alt`, then compare the two: the same numbers, and a shorter way.

# %% folded="Compare the two backward passes: their numbers and their times"
rng = np.random.default_rng(4)
x, dout = rng.normal(5, 12, size=(200, 1000)), rng.normal(size=(200, 1000))
gamma, beta = rng.normal(size=1000), rng.normal(size=1000)
_, cache = batchnorm_forward(x, gamma, beta, {"mode": "train"})

pairs = zip(batchnorm_backward(dout, cache), batchnorm_backward_alt(dout, cache), strict=True)
for name, (step_by_step, at_once) in zip(("dx", "dgamma", "dbeta"), pairs, strict=True):
    print(f"{name:7} largest difference {np.abs(step_by_step - at_once).max():.1e}")

seconds = {
    backward: min(timeit.repeat(lambda backward=backward: backward(dout, cache), number=3, repeat=7)) / 3
    for backward in (batchnorm_backward, batchnorm_backward_alt)
}
for backward, time in seconds.items():
    print(f"{backward.__name__:23} {1000 * time:5.1f} ms")
speed_up = seconds[batchnorm_backward] / seconds[batchnorm_backward_alt]
print(f"speed-up: {speed_up:.1f} times")

# %% exercise="layers.batchnorm_backward_alt"
check(batchnorm_backward_alt)

# %% [markdown]
# ## 3. In a network
#
# Affine, batch norm, ReLU: the sandwich of deep networks. `nndl/layer_utils.py` has two empty functions for
# it.

# %% exercise="layer_utils.affine_batchnorm_relu_forward"
check(affine_batchnorm_relu_forward)

# %% exercise="layer_utils.affine_batchnorm_relu_backward"
check(affine_batchnorm_relu_backward)

# %% [markdown]
# `FullyConnectedNet` already makes `gamma1`, `beta1`, … for every hidden layer, and keeps the running
# statistics of each in `self.norm_params`. What it lacks is a hidden layer that uses them: `hidden_forward`
# and `hidden_backward` in `nndl/fc_net.py`. Call `normalization_forward` and `normalization_backward`,
# which know batch normalisation and, later in this notebook, layer normalisation. **Leave room for
# dropout**, which belongs after the ReLU: it is the next notebook's, and that is where the two methods
# are checked and graded. Until then, let numeric gradients judge:


# %% folded="look_at_net: first loss and gradients of a small network"
def look_at_net(normalization, reg):
    """Print the first loss of a small network and how well its gradients agree with numeric ones."""
    np.random.seed(0)
    X, y = np.random.randn(6, 15), np.array([3, 8, 0, 1, 3, 9])
    net = FullyConnectedNet(
        [20, 30], input_dim=15, normalization=normalization, reg=reg, weight_scale=5e-2, dtype=np.float64
    )
    loss, grads = net.loss(X, y)
    errors = []
    for name, value in sorted(net.params.items()):
        numeric = eval_numerical_gradient(lambda _: net.loss(X, y)[0], value, verbose=False)
        # An absolute floor: the bias before a batch norm has a gradient of exactly zero. (Why?)
        error = np.abs(grads[name] - numeric).max() / max(1e-3, np.abs(numeric).max())
        errors.append(f"{name} {error:.0e}")
    print(f"{normalization}, reg {reg}: first loss {loss:.3f}; errors: {', '.join(errors)}")


# %%
look_at_net("batchnorm", reg=0.0)
look_at_net("batchnorm", reg=3.14)

# %% [markdown]
# And the first losses that CS231n prints for a network of this size:

# %% folded="The known first losses beside yours"
np.random.seed(231)
X, y = np.random.randn(2, 15), np.random.randint(10, size=2)
first_losses = {}
for reg in (0, 3.14):
    net = FullyConnectedNet(
        [20, 30], input_dim=15, normalization="batchnorm", reg=reg, weight_scale=5e-2, dtype=np.float64
    )
    first_losses[f"first loss, reg {reg}"] = net.loss(X, y)[0]
show_known_values(
    {"first loss, reg 0": 2.2611955101340957, "first loss, reg 3.14": 6.996533220108303},
    first_losses,
)

# %% [markdown]
# **Play with it.** One pass through seven layers with a weight scale of 0.01, normalised. Say what the two curves
# will be without normalisation before you choose *none*.

# %%
GradientFlowExplorer(FullyConnectedNet, layers, "gradient-flow?depth=7&scale=0.01&norm=batchnorm&step=18")

# %% [markdown]
# ## 4. Three experiments
#
# ### Does it help a deep network?
#
# Six layers, a thousand images, ten epochs with Adam. Everything the experiments of this notebook have in
# common stands in these cells.

# %%
data = get_CIFAR10_data(num_training=1000)


def train(
    hidden_dims, normalization=None, weight_scale=2e-2, learning_rate=1e-3, batch_size=50, num_epochs=10, verbose=False
):
    """Train a network on the thousand images; returns the solver."""
    np.random.seed(0)
    solver = Solver(
        FullyConnectedNet(hidden_dims, normalization=normalization, weight_scale=weight_scale),
        data,
        update_rule="adam",
        optim_config={"learning_rate": learning_rate},
        batch_size=batch_size,
        num_epochs=num_epochs,
        verbose=verbose,
        print_every=200,
    )
    with np.errstate(all="ignore"):  # without normalisation some settings explode, and may be seen to
        solver.train()
    return solver


# %% folded="show_runs: draw the loss and the accuracies of several runs"
def show_runs(runs, title):
    """Draw loss and accuracies of several runs, given by their names."""
    fig, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    for name, solver in runs.items():
        share = np.linspace(0, solver.num_epochs, len(solver.loss_history))
        width = max(1, len(share) // 20)
        smooth = np.convolve(solver.loss_history, np.full(width, 1 / width), "valid")
        axes[0].plot(share[width - 1 :], smooth, label=name)
        axes[1].plot(solver.train_acc_history, markevery=1)
        axes[2].plot(solver.val_acc_history, markevery=1)
    axes[0].set(xlabel="epoch", ylabel="loss, mean of half an epoch", title="Loss")
    axes[1].set(xlabel="epoch", ylabel="accuracy", title="Training accuracy")
    axes[2].set(xlabel="epoch", ylabel="accuracy", title="Validation accuracy")
    fig.suptitle(title)
    fig.legend(loc="outside lower center", ncols=len(runs))
    plt.show()


# %%
six_layers = [100] * 5

# %%
deep = run_each(lambda norm: train(six_layers, norm), ["batchnorm", None], title="six layers")
show_runs({norm or "none": run for norm, run in deep.items()}, "Six layers, with and without batch normalisation")

# %% [markdown]
# What happens inside? Follow one unit in the fourth layer while the network trains: between the lines are
# nine out of ten of its activations (before the ReLU), in the middle their median.


# %% folded="Follow one unit of the fourth layer through training"
def activations(net, X, layer):
    """What the units of a layer hand to their ReLU."""
    out = X.reshape(len(X), -1).astype(net.dtype)
    for number in range(1, layer + 1):
        W, b = net.params[f"W{number}"], net.params[f"b{number}"]
        out = affine_forward(out, W, b)[0]
        if net.normalization:
            gamma, beta = net.params[f"gamma{number}"], net.params[f"beta{number}"]
            out = batchnorm_forward(out, gamma, beta, {"mode": "train"})[0]
        if number < layer:
            out = relu_forward(out)[0]
    return out


def follow(normalization, layer=4, unit=2, steps=150):
    """The 5 %, 50 % and 95 % quantiles of a unit's activations after every step of training."""
    np.random.seed(0)
    net = FullyConnectedNet(six_layers, normalization=normalization, weight_scale=5e-2)
    configs = {name: {"learning_rate": 1e-3} for name in net.params}
    quantiles = []
    with blas_at_rest(net, batch_size=50):  # one thread: more of them wait for each other in so small a network
        for _ in range(steps):
            chosen = np.random.choice(len(data["X_train"]), 50)
            grads = net.loss(data["X_train"][chosen], data["y_train"][chosen])[1]
            for name, grad in grads.items():
                net.params[name], configs[name] = adam(net.params[name], grad, configs[name])
            quantiles.append(np.quantile(activations(net, data["X_val"][:300], layer)[:, unit], [0.05, 0.5, 0.95]))
    return np.array(quantiles)


fig, axes = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
for ax, norm in zip(axes, (None, "batchnorm"), strict=True):
    low, middle, high = follow(norm).T
    ax.fill_between(np.arange(len(low)), low, high, color="#56B4E9", alpha=0.4, label="5 % to 95 %")
    ax.plot(middle, marker="", label="median")
    ax.set(xlabel="step", ylabel="activation before the ReLU", title=norm or "no normalisation")
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
fig.suptitle("One unit of the fourth layer during training (the two scales differ)")
plt.show()

# %% [markdown]
# ### Does it forgive a bad start?
#
# Eight layers of 50 units, and weights that start anywhere from far too small to far too large: twenty
# scales, with and without. Forty short runs; the bar shows how long they will take, and if you stop them,
# the picture shows the ones that are done.

# %%
eight_layers = [50] * 7
scales = [float(scale) for scale in np.logspace(-4, 0, num=20)]

sweep = run_each(
    lambda run: train(eight_layers, normalization=run[1], weight_scale=run[0]),
    [(scale, norm) for scale in scales for norm in ("batchnorm", None)],
    title="weight scales",
)

# %% folded="Draw accuracies and losses against the weight scale"
panels = {
    "best training accuracy": lambda run: max(run.train_acc_history),
    "best validation accuracy": lambda run: run.best_val_acc,
    "final loss": lambda run: np.mean(run.loss_history[-20:]),
}
fig, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
for ax, (title, measure) in zip(axes, panels.items(), strict=True):
    for norm in ("batchnorm", None):
        done = [scale for scale in scales if (scale, norm) in sweep]
        values = [measure(sweep[scale, norm]) for scale in done]
        ax.semilogx(done, values, markevery=1, label=norm or "no normalisation")
    ax.set(xlabel="weight scale at the start", title=title.capitalize())
axes[0].set_ylabel("accuracy")
axes[1].set_ylabel("accuracy")
axes[2].set(ylabel="loss", ylim=(0, 4))
axes[2].axhline(np.log(10), color="0.4", linestyle=":", marker="", linewidth=1)
axes[2].annotate("guessing: ln 10", (1e-4, np.log(10)), (0, 8), textcoords="offset points")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()

# %% [markdown]
# And the reason, before any training: the spread of the activations, layer by layer, for three of these
# scales.

# %% folded="Draw how wide the activations are, layer by layer"
fig, axes = plt.subplots(1, 2, figsize=(11, 3.8), sharey=True, layout="constrained")
for ax, norm in zip(axes, (None, "batchnorm"), strict=True):
    for scale in (1e-3, 5e-2, 0.5):
        np.random.seed(0)
        net = FullyConnectedNet(eight_layers, normalization=norm, weight_scale=scale)
        spread = [activations(net, data["X_val"][:300], layer).std() for layer in range(1, 8)]
        ax.semilogy(range(1, 8), spread, markevery=1, label=f"weight scale {scale:g}")
    ax.set(xlabel="layer", title=norm or "no normalisation")
axes[0].set_ylabel("standard deviation before the ReLU")
axes[0].legend()
plt.show()

# %% [markdown]
# **Play with it.** Any scale, depth and width. Move the weight scale slowly to the left and to the right: where
# do the ridges wander, and what does *batch* in the place of *none* do to them? Below, a sweep of your own fills
# in while you play.

# %%
WeightScaleExplorer(FullyConnectedNet)

# %% [markdown]
# **Question 3.** Describe the three curves of the sweep with and without batch normalisation. Which regions
# do you see, and what goes wrong in each? Why does it go wrong later with batch normalisation, and why
# not never? (What does multiplying all weights of a layer by 10 change, when its output is normalised?)

# %% [markdown] written="weight-scale"
# ### BEGIN SOLUTION
# (On the offline set.) *Without:* three regions. For scales up to 0.005 nothing is learned: the loss stays at $\ln 10$
# and the accuracy at guessing, because activations and gradients shrink by a large factor in each of the eight
# layers. Then the curves climb to a narrow peak between 0.05 and 0.1. Above it the activations explode, the
# loss takes astronomical values and leaves the picture, and the accuracies fall, those on new images at once: at 0.14
# it is 16 % of these and still more than 40 % of the training images.
#
# *With:* the network learns at every scale: a low plateau for small ones, a broad hill from about 0.01 to 0.15,
# and a slope down to the largest ones, where it is no better than the other. At the best scale the two are
# about as good: batch normalisation did not make the best run better, it made a good run easy to find.
#
# When the output of a layer is normalised, multiplying its weights by 10 multiplies $\mu$ and $\sigma$ by 10, and
# the output stays as it was. So no scale is passed on to the next layer, and none piles up. But the scale does not
# vanish altogether. The *gradient* in $W$ becomes ten times smaller, and a step of given length turns weights that
# are ten times as large by a tenth of the angle: with large scales learning is slow. With very small ones Adam's
# first steps, which are about as long as the learning rate, are longer than the weights themselves and replace
# them; and $\varepsilon = 10^{-5}$ is no longer small against $\sigma^2$, which at a scale of $10^{-4}$ is below
# $10^{-6}$ from the second layer on. The last layer, too, has no normalisation: at a scale of 1 its scores are
# large and the first loss is high.
# ### END SOLUTION


# %% numbers="weight-scale-figures"
at = np.array(scales)


def curve(norm, what="train_acc_history"):
    """The best accuracy at each scale."""
    return np.array([max(getattr(sweep[scale, norm], what)) for scale in scales])


without, batch = curve(None), curve("batchnorm")
last_losses = np.array([np.mean(sweep[scale, None].loss_history[-20:]) for scale in scales])
without[at < 0.005].max()  # shown: < 0.2
np.abs(last_losses[at < 0.005] - np.log(10)).max()  # shown: < 0.05
at[15]  # shown: 0.14
100 * curve(None, "val_acc_history")[15]  # shown: 16 ± 5
100 * without[15]  # shown: > 40
bool(0.04 < at[without.argmax()] < 0.11)  # shown: True
without[(at < 0.02) | (at > 0.3)].max() - without.max()  # shown: < -0.1
max(sweep[1.0, None].loss_history)  # shown: > 1000
batch.min()  # shown: > 0.2
batch[(at > 0.01) & (at < 0.15)].min() - batch[at < 0.003].max()  # shown: > 0.05
batch.max() - batch[-1]  # shown: > 0.2
batch[-1] - without[-1]  # shown: 0 ± 0.1
curve("batchnorm", "val_acc_history").max() - curve(None, "val_acc_history").max()  # shown: 0 ± 0.06
np.random.seed(0)
tiny = FullyConnectedNet(eight_layers, weight_scale=1e-4, normalization="batchnorm")
first_layer = batchnorm_forward(np.random.randn(300, 50), np.ones(50), np.zeros(50), {"mode": "train"})[0]
(np.maximum(0, first_layer) @ tiny.params["W2"]).var(axis=0).max()  # shown: < 1e-6
sweep[1.0, "batchnorm"].loss_history[0]  # shown: > 5

# %% [markdown]
# ### How large must a minibatch be?
#
# $\mu$ and $\sigma^2$ are estimates, from as many numbers as there are examples in the minibatch. Six layers
# again, a smaller learning rate, minibatches of 5, 10 and 50, with batch normalisation and without any.


# %%
def batch_sizes(normalization, title):
    """Train with minibatches of 5, 10 and 50; returns the solvers by name."""
    sizes = {f"{normalization or 'none'}, batch {size}": size for size in (50, 10, 5)}
    return run_each(
        lambda name: train(six_layers, normalization, learning_rate=10**-3.5, batch_size=sizes[name]), sizes, title
    )


# %% folded="show_batch_sizes: draw runs beside those without normalisation"
def show_batch_sizes(runs, title):
    """Draw the runs with a normalisation, and for comparison those without at 50 and at 5."""
    without = {name: baseline_runs[name] for name in ("none, batch 50", "none, batch 5") if name in baseline_runs}
    show_runs(without | runs, title)


# %%
baseline_runs = batch_sizes(None, "no normalisation")
batchnorm_runs = batch_sizes("batchnorm", "batch normalisation")
show_batch_sizes(batchnorm_runs, "Batch normalisation with minibatches of 5, 10 and 50")

# %% [markdown]
# **Question 4.** What does the size of the minibatch do to a network with batch normalisation, and what to one
# without? Is batch normalisation worth having at 50, and at 5? Why? The runs with small minibatches took ten times as
# many steps; why does it not help those with batch normalisation?

# %% [markdown] written="batch-size-batchnorm"
# ### BEGIN SOLUTION
# (On the offline set; best accuracies on the training images.) With batch normalisation, the smaller the minibatch,
# the worse: 87 % at 50, 67 % at 10, 46 % at 5. Without, it does not become worse: 52 % at 50, and at 5 no less. So
# the same layer that gains 35 points at 50 costs some at 5, where the network without normalisation is ahead. (On the
# validation set all are within a few points of each other.)
#
# Mean and variance of five numbers are poor estimates: their errors are a large part of what is estimated
# (about $1/\sqrt5$ of a standard deviation for the mean, more than half for the variance). So each image is shifted
# and scaled by a different random amount each time, in each of five layers. To the network this is noise on
# everything it computes, and more steps do not remove it, because every step brings new noise. In
# addition, test mode uses the running statistics, which differ from what training saw in every single
# minibatch. A little of such noise acts as a regulariser; this is too much.
# ### END SOLUTION

# %% numbers="batch-size-figures"
reached = {name: 100 * max(run.train_acc_history) for name, run in (baseline_runs | batchnorm_runs).items()}
reached["batchnorm, batch 50"]  # shown: 87 ± 6
reached["batchnorm, batch 10"]  # shown: 67 ± 8
reached["batchnorm, batch 5"]  # shown: 46 ± 5
reached["none, batch 50"]  # shown: 52 ± 5
reached["none, batch 5"] - reached["none, batch 50"]  # shown: > -3
reached["batchnorm, batch 50"] - reached["none, batch 50"]  # shown: 35 ± 8
reached["none, batch 5"] - reached["batchnorm, batch 5"]  # shown: > 2
on_new = [100 * run.best_val_acc for run in (baseline_runs | batchnorm_runs).values()]
max(on_new) - min(on_new)  # shown: < 10
fives = np.random.default_rng(0).normal(size=(100_000, 5))
fives.mean(axis=1).std() * np.sqrt(5)  # shown: 1.0
fives.var(axis=1).std()  # shown: > 0.5

# %% [markdown]
# **Play with it.** One unit, minibatch by minibatch: set the batch size to 2, and compare what training mode and
# test mode make of the same examples (upper right). What can a pair of numbers look like after it was normalised?

# %%
BatchNormExplorer(FullyConnectedNet)

# %% [markdown]
# ## 5. Layer normalisation
#
# The company of others is what makes small minibatches bad. Layer normalisation
# [(Ba, Kiros and Hinton, 2016)](https://arxiv.org/abs/1607.06450) does without: it takes the mean and the
# variance over the *features* of one example. Same table, other direction.
#
# ![Two tables with an example per row and a feature per column. Batch normalisation: one whole column is shaded.
# Layer normalisation: one whole row is shaded.](shared-statistics.svg)

# %% picture="shared-statistics"
import matplotlib.pyplot as plt
import numpy as np

from utils.vis_utils import course_style

course_style()
plt.rcParams["font.size"] = 10  # much text in little space
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
marked = {"batch normalisation": (slice(None), 3), "layer normalisation": (2, slice(None))}
for ax, (title, cells) in zip(axes, marked.items(), strict=True):
    table = np.zeros((6, 9))
    table[cells] = 1
    ax.pcolormesh(table, cmap="Blues", vmax=1.6, edgecolors="#555555", linewidth=0.8)
    ax.invert_yaxis()
    ax.set(xlabel="feature d = 1 … D", ylabel="example n = 1 … N", title=title, xticks=[], yticks=[], aspect="equal")
    ax.grid(visible=False)
fig.suptitle("The shaded numbers share one mean and one variance")

# %% [markdown]
# $\gamma$ and $\beta$ stay what they were, one entry per feature, shared by all examples. There are no
# running statistics, and training and test time are the same.
#
# Write `layernorm_forward` and `layernorm_backward`. Much of it is what you have with another axis; mind
# which sums change direction and which do not, and keep the dimension that is averaged away
# (`keepdims=True`).

# %%
rng = np.random.default_rng(5)
x = rng.normal(size=(4, 60)) * [[1], [5], [0.2], [30]] + [[0], [10], [-3], [50]]
out, _ = layernorm_forward(x, np.ones(60), np.zeros(60), {})
for name, table in {"before": x, "after": out}.items():
    print(f"{name:7} row means {table.mean(axis=1).round(2)}, row standard deviations {table.std(axis=1).round(2)}")

# %% exercise="layers.layernorm_forward"
check(layernorm_forward)

# %% [markdown]
# CS231n's numbers for this layer: four rows, three columns, and now it is the rows that are normalised.

# %% folded="The known means and standard deviations beside yours, row by row"
np.random.seed(231)
X, W1, W2 = np.random.randn(4, 50), np.random.randn(50, 60), np.random.randn(60, 3)
rows = np.maximum(0, X @ W1) @ W2
plain, _ = layernorm_forward(rows, np.ones(3), np.zeros(3), {})
shifted, _ = layernorm_forward(rows, np.full(3, 3.0), np.full(3, 5.0), {})
show_known_values(
    {
        "before: means": [-59.06673243, -47.60782686, -43.31137368, -26.40991744],
        "before: stds": [10.07429373, 28.39478981, 35.28360729, 4.01831507],
        "γ = 1, β = 0: means": [0, 0, 0, 0],
        "γ = 1, β = 0: stds": [0.99999995, 0.99999999, 1, 0.99999969],
        "γ = 3, β = 5: means": [5, 5, 5, 5],
        "γ = 3, β = 5: stds": [2.99999985, 2.99999998, 2.99999999, 2.99999907],
    },
    {
        f"{name}: {statistic}": values.mean(axis=1) if statistic == "means" else values.std(axis=1)
        for name, values in {"before": rows, "γ = 1, β = 0": plain, "γ = 3, β = 5": shifted}.items()
        for statistic in ("means", "stds")
    },
)

# %%
look_at_backward(layernorm_backward, layernorm_forward)

# %% exercise="layers.layernorm_backward"
check(layernorm_backward)

# %% [markdown]
# **Question 5.** Which of the two normalisations do these resemble, if any? (a) Subtract the mean image
# of the training set from every image. (b) Stretch every image to the same brightness and contrast.
# (c) Divide all pixels by 255. And for which of the two does doubling the contrast of *one* input image
# change nothing in the output?

# %% [markdown] written="which-numbers-share"
# ### BEGIN SOLUTION
# (a) Batch normalisation (its first half): one mean per pixel, over all images. (b) Layer normalisation:
# mean and spread over the pixels of one image. (c) Neither: one constant for everything, no statistics.
#
# For layer normalisation, if it stands on the image itself: multiplying a row multiplies its mean and its
# standard deviation, and both are taken out (but for $\varepsilon$). Batch normalisation compares the image with
# the others, and in that company it now stands out. (Behind an affine layer with a bias it holds nearly:
# the bias is not doubled.)
# ### END SOLUTION

# %% numbers="which-numbers-share-figures"
pixels = np.random.default_rng(6).uniform(0, 255, size=(5, 40))
louder = pixels.copy()
louder[2] = 128 + 2 * (louder[2] - 128)
rows_before, rows_after = (layernorm_forward(some, np.ones(40), np.zeros(40), {})[0] for some in (pixels, louder))
np.abs(rows_after - rows_before).max()  # shown: < 1e-6
settings = [{"mode": "train"}, {"mode": "train"}]
before, after = (
    batchnorm_forward(some, np.ones(40), np.zeros(40), setting)[0]
    for some, setting in zip((pixels, louder), settings, strict=True)
)
np.abs(after - before)[2].max()  # shown: > 0.1

# %% [markdown]
# `hidden_forward` calls `normalization_forward`, so your network has it already:

# %%
look_at_net("layernorm", reg=0.0)
look_at_net("layernorm", reg=3.14)

# %% [markdown]
# The batch sizes once more, now with layer normalisation.

# %%
layernorm_runs = batch_sizes("layernorm", "layer normalisation")
show_batch_sizes(layernorm_runs, "Layer normalisation with minibatches of 5, 10 and 50")

# %% folded="Draw the best accuracies against the size of the minibatch"
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
for name, runs in {"none": baseline_runs, "batchnorm": batchnorm_runs, "layernorm": layernorm_runs}.items():
    done = [size for size in (5, 10, 50) if f"{name}, batch {size}" in runs]
    best = [max(runs[f"{name}, batch {size}"].train_acc_history) for size in done]
    ax.semilogx(done, best, markevery=1, label=name)
ax.set_xticks((5, 10, 50), ("5", "10", "50"), minor=False)
ax.set_xticks([], minor=True)
ax.set(xlabel="minibatch", ylabel="best training accuracy", title="What the size of the minibatch does")
ax.legend()
plt.show()

# %% [markdown]
# **Question 6.** What is different from batch normalisation, and why? When would you expect layer
# normalisation to work badly: in a very deep network, with very few features per layer, or with strong
# regularisation? Say why.

# %% [markdown] written="batch-size-layernorm"
# ### BEGIN SOLUTION
# With layer normalisation small minibatches do far less harm: from 50 to 5 it loses about 16 points of accuracy on the
# training images, batch normalisation about 42, and at 5 it is well ahead of it. (On the offline set.) The
# statistics of an example come from its own 100 features and are the same in any company. What is left is the ordinary
# effect of the minibatch on gradient descent: noisier gradients at the same learning rate.
#
# With very few features. Mean and variance are then estimated from a handful of numbers, and worse, what
# they remove is part of the message: with two features, a normalised row is $(1, -1)$ or $(-1, 1)$, one
# bit. Depth is no problem, that is what it was made for; and regularisation shrinks the weights, which the
# normalisation makes up for.
# ### END SOLUTION

# %% numbers="batch-size-layernorm-figures"
reached |= {name: 100 * max(run.train_acc_history) for name, run in layernorm_runs.items()}
reached["layernorm, batch 50"] - reached["layernorm, batch 5"]  # shown: 16 ± 10
reached["batchnorm, batch 50"] - reached["batchnorm, batch 5"]  # shown: 42 ± 8
reached["layernorm, batch 5"] - reached["batchnorm, batch 5"]  # shown: > 10
reached["layernorm, batch 5"] - reached["none, batch 5"]  # shown: > -5
pairs = layernorm_forward(np.random.default_rng(7).normal(size=(50, 2)), np.ones(2), np.zeros(2), {})[0]
np.median(np.abs(pairs))  # shown: 1.00

# %% [markdown]
# ## Further
#
# Nothing here is graded. Some of it is open.
#
# **Small minibatches.** Batch renormalisation keeps the running statistics in training, too: the minibatch's own
# are corrected towards them, by factors that are held within bounds and treated as constants in the backward pass
# ([Ioffe, Batch renormalization: towards reducing minibatch dependence in batch-normalized
# models](https://arxiv.org/abs/1702.03275), NIPS 2017). Add it to `batchnorm_forward` and repeat the experiment at
# 5: how much of the lead at 50 comes back? The bounds are opened slowly during training; nobody has a rule for how
# fast.
#
# **What starts at nothing.** Deep networks with shortcuts, $x + f(x)$, often start with $\gamma = 0$ in the last
# normalisation of each $f$: every block is the identity at first, and the network grows as deep as it needs
# ([Goyal et al., Accurate, large minibatch SGD: training ImageNet in 1 hour](https://arxiv.org/abs/1706.02677), 2017).
# Build `FullyConnectedNet` with shortcuts and twenty layers. Does $\gamma = 0$ still help at a small learning rate?
# And once nothing explodes any more at the start, is a normalisation needed at all?
#
# **Normalise the weights instead.** Weight standardisation gives each unit's incoming *weights* mean 0 and variance
# 1, which no minibatch has a say in ([Qiao et al., Micro-batch training with batch-channel normalization and weight
# standardization](https://arxiv.org/abs/1903.10520), 2019). In which of the three regions of the sweep does it
# help? It was made for convolutions, together with group normalisation; in fully connected networks little is
# known.
