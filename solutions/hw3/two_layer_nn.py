# %% [markdown]
# # A two-layer network, in one piece
#
# Before we take a network apart into layers, build one whole: every matrix product, every derivative, the
# training loop. First on a toy problem where you can check each number, then on images.
#
# | | what you do | where |
# |---|---|---|
# | 1 | scores, loss and gradients | `TwoLayerNet.loss` in `nndl/neural_net.py` |
# | 2 | training and predicting | `TwoLayerNet.train`, `TwoLayerNet.predict` |
# | 3 | see a net learn badly, look for the cause, and name it | here, in code and in writing |
# | 4 | find settings that learn well | here; you hand in the weights |
#
# Files reload by themselves after an edit. Run the cells from top to bottom; a cell that needs a function
# you have not written yet tells you which.

# %% folded="Set-up: run this cell first"
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np

from nndl.neural_net import TwoLayerNet
from utils.checks import check
from utils.cifar10 import CLASSES
from utils.data_utils import get_CIFAR10_data, save_model
from utils.gradient_check import eval_numerical_gradient, rel_error
from utils.known_values import show_known_values
from utils.offline_images import OFFLINE_CLASSES
from utils.vis_utils import course_style, plot_history, show_confusion, show_images, show_net_weights

course_style()

# %% [markdown]
# ## 1. One network, on paper-sized data
#
# The network maps a minibatch $X$ of $N$ examples with $D$ numbers each to scores for $C$ classes, through
# $H$ hidden units:
#
# $$a = X W_1^\top + b_1, \qquad h = \max(0, a), \qquad s = h W_2^\top + b_2 .$$
#
# The softmax turns the scores of an example into probabilities, and the loss is the mean surprise at the
# right labels, plus a penalty on large weights:
#
# $$p_{nc} = \frac{e^{s_{nc}}}{\sum_k e^{s_{nk}}}, \qquad
# L = -\frac1N \sum_n \log p_{n, y_n} +
# \frac{\lambda}{2} \left( \lVert W_1 \rVert^2 + \lVert W_2 \rVert^2 \right).$$
#
# Watch the shapes: here $W_1$ is $(H, D)$, one row per hidden unit. They explain almost every error message
# you will meet.
#
# ![Computation graph: X of shape (N, D) enters X W1ᵀ + b1, then a of shape (N, H) enters max(0, ·), then h of shape
# (N, H) enters h W2ᵀ + b2, then the scores s of shape (N, C) enter the softmax loss with the labels y, which gives L.
# W1 is (H, D), b1 (H), W2 (C, H), b2 (C). An orange question mark stands for each gradient that you will
# write.](two-layer-graph.svg)

# %% picture="two-layer-graph"
from utils.graph_drawing import Edge, draw_graph
from utils.vis_utils import course_style

course_style()
draw_graph(
    {
        "$X$": (0, 0),
        r"$XW_1^\top + b_1$": (2.6, 0),
        r"$\max(0, \cdot)$": (5.2, 0),
        r"$hW_2^\top + b_2$": (7.8, 0),
        "softmax loss": (10.6, 0),
        "$L$": (12.8, 0),
        "$W_1, b_1$": (2.6, 1.7),
        "$W_2, b_2$": (7.8, 1.7),
        "$y$": (10.6, 1.7),
    },
    [
        Edge("$X$", r"$XW_1^\top + b_1$", "$(N, D)$"),
        Edge("$W_1, b_1$", r"$XW_1^\top + b_1$", "$(H, D), (H)$", "?"),
        Edge(r"$XW_1^\top + b_1$", r"$\max(0, \cdot)$", "$a$ $(N, H)$", "?"),
        Edge(r"$\max(0, \cdot)$", r"$hW_2^\top + b_2$", "$h$ $(N, H)$", "?"),
        Edge("$W_2, b_2$", r"$hW_2^\top + b_2$", "$(C, H), (C)$", "?"),
        Edge(r"$hW_2^\top + b_2$", "softmax loss", "$s$ $(N, C)$", "?"),
        Edge("$y$", "softmax loss", "$(N)$"),
        Edge("softmax loss", "$L$", "", "1"),
    ],
    title="Forward in blue; each orange question mark is a gradient you will write, of the shape above it",
)

# %% [markdown]
# The toy: four inputs, ten hidden units, three classes, five examples. The seeds are fixed, so your numbers
# can be compared with ours.


# %%
def toy_net():
    """A small network, always the same one."""
    np.random.seed(0)
    return TwoLayerNet(input_size=4, hidden_size=10, output_size=3, std=1e-1)


def toy_data():
    """Five examples and their labels, always the same ones."""
    np.random.seed(1)
    return 10 * np.random.randn(5, 4), np.array([0, 1, 2, 2, 1])


net = toy_net()
X, y = toy_data()
for name, value in net.params.items():
    print(name, value.shape)

# %% [markdown]
# ### Scores
#
# Open `nndl/neural_net.py` and go to `TwoLayerNet.loss`. It has three boxes to fill. Do the **first**:
# compute `scores`. Called without labels, `loss` then returns them. The known values, here and below, are
# rounded, so errors around $10^{-8}$ are none.

# %% folded="The known scores beside yours"
scores = net.loss(X)
expected = np.array(
    [
        [-1.07260209, 0.05083871, -0.87253915],
        [-2.02778743, -0.10832494, -1.52641362],
        [-0.74225908, 0.15259725, -0.39578548],
        [-0.38172726, 0.10835902, -0.17328274],
        [-0.64417314, -0.18886813, -0.41106892],
    ]
)
print(scores)
show_known_values({"scores": expected}, {"scores": scores})

# %% [markdown]
# ### Loss
#
# The **second** box: `loss`. To look at it before the gradients are written, put `grads = {}` in the third
# box for now.

# %%
loss, _ = net.loss(X, y, reg=0.05)
show_known_values({"loss": 1.071696123862817}, {"loss": loss})

# %% [markdown]
# **Large scores.** $e^{710}$ is more than a float64 can hold, and a network whose steps are too large
# soon has such scores. But the softmax does not change when the same number is subtracted from all scores of
# an example. Which number makes every exponent at most 0? The cell below multiplies the scores by a million;
# the loss has to stay finite.

# %%
loud = toy_net()
loud.params["W2"] *= 1e6
print(f"largest score {np.abs(loud.loss(X)).max():.3g}")
print(f"loss {loud.loss(X, y)[0]:.6g} (a number, not inf or nan)")

# %% numbers="large-scores"
709 < np.log(np.finfo(np.float64).max) < 710  # shown: True
np.isfinite(loud.loss(X, y)[0])  # shown: True

# %% [markdown]
# ### Gradients
#
# The **third** box: `grads`, a dictionary with the keys of `params`. Walk the graph from the right. The
# first step is worth doing on paper, because it comes out so simple:
#
# $$\frac{\partial L}{\partial s_{nc}} = \frac1N \left( p_{nc} - [c = y_n] \right).$$
#
# From there on it is the two rules of the last notebook. Compare each gradient with a numeric one: below
# $10^{-6}$ is right, $10^{-2}$ is wrong.

# %%
loss, grads = net.loss(X, y, reg=0.05)
for name, value in net.params.items():
    numeric = eval_numerical_gradient(lambda _: net.loss(X, y, reg=0.05)[0], value, verbose=False)
    print(f"{name}: shape {grads[name].shape}, largest relative error {rel_error(grads[name], numeric):.1e}")


# %% numbers="gradient-errors"
def gradient_error(name):
    """Largest relative error of one of the gradients."""
    numeric = eval_numerical_gradient(lambda _: net.loss(X, y, reg=0.05)[0], net.params[name], verbose=False)
    return rel_error(grads[name], numeric)


max(map(gradient_error, net.params))  # shown: < 1e-7

# %% exercise="neural_net.TwoLayerNet.loss"
check(TwoLayerNet.loss)

# %% [markdown]
# ## 2. Learning
#
# ### Predict
#
# `TwoLayerNet.predict` is one line: the label of the highest score. Is the softmax needed for that?

# %% exercise="neural_net.TwoLayerNet.predict"
check(TwoLayerNet.predict)

# %% [markdown]
# ### Train
#
# `TwoLayerNet.train` has the loop, the bookkeeping and the decay of the learning rate already. Two boxes
# are yours: draw a minibatch, *with replacement*, and take a step,
# $\theta \leftarrow \theta - \eta\, \partial L/\partial\theta$ for every parameter.

# %% exercise="neural_net.TwoLayerNet.train"
check(TwoLayerNet.train)

# %% [markdown]
# On the toy data the loss should end near 0.015. (With another way of drawing the minibatch the last loss
# differs a little from the known one.)

# %%
net = toy_net()
stats = net.train(X, y, X, y, learning_rate=1e-1, reg=5e-6, num_iters=100)

# %% folded="Draw the loss, and put the known final loss beside yours"
fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
ax.semilogy(stats["loss_history"])
ax.set(xlabel="iteration", ylabel="loss", title="Training on five examples")
plt.show()
show_known_values({"final loss": 0.0144978645878}, {"final loss": stats["loss_history"][-1]})
print(f"training accuracy {np.mean(net.predict(X) == y):.0%}")

# %% numbers="toy-training"
stats["loss_history"][-1]  # shown: 0.015 ± 0.001
rel_error(stats["loss_history"][-1], 0.0144978645878)  # shown: < 1e-8
np.mean(net.predict(X) == y)  # shown: 1

# %% [markdown]
# ### What hidden units buy
#
# Three arms of a spiral, no line can separate them. Each panel is your network with a different number of
# hidden units; the colour of a region is its prediction, and it fades where the network is unsure. Change
# `widths`, the noise, or the number of iterations.

# %% folded="The points of the spiral: three arms of a hundred points each"
rng = np.random.default_rng(0)
per_arm = 100
radius = np.tile(np.linspace(0.05, 1, per_arm), 3)
arm = np.repeat(np.arange(3), per_arm)
turn = 4 * radius + 2 * np.pi / 3 * arm + rng.normal(scale=0.15, size=3 * per_arm)
spiral = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)

# %%
nets = {}
for width in (2, 6, 50):
    np.random.seed(0)
    nets[width] = TwoLayerNet(2, width, 3, std=0.5)
    nets[width].train(spiral, arm, spiral, arm, learning_rate=0.5, learning_rate_decay=1.0, reg=1e-4, num_iters=3000)

# %% folded="Draw what each network takes every point of the plane for"
side = np.linspace(-1.15, 1.15, 120)
points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
palette = np.array([[0x00, 0x72, 0xB2], [0xD5, 0x5E, 0x00], [0x00, 0x9E, 0x73]]) / 255

fig, axes = plt.subplots(1, len(nets), figsize=(12, 4.2), layout="constrained")
for ax, (width, net) in zip(axes, nets.items(), strict=True):
    scores = net.loss(points)
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
    sureness = (p.max(axis=1, keepdims=True) - 1 / 3) * 3 / 2
    picture = 1 - 0.55 * sureness * (1 - palette[p.argmax(axis=1)])
    extent = (side[0], side[-1], side[0], side[-1])
    ax.imshow(picture.reshape(len(side), len(side), 3), origin="lower", extent=extent)
    for label, marker in enumerate("os^"):
        own = spiral[arm == label]
        ax.scatter(*own.T, color=palette[label], marker=marker, s=12, edgecolor="white", linewidth=0.4)
    accuracy = np.mean(net.predict(spiral) == arm)
    ax.set(title=f"{width} hidden units: {accuracy:.0%}", xlabel="$x_1$")
    ax.grid(visible=False)
axes[0].set_ylabel("$x_2$")
plt.show()

# %% [markdown]
# ## 3. Images, badly
#
# The real thing: $32 \times 32$ colour images in ten classes, 49 000 to train on, 1000 to validate with,
# 1000 for the very end. The mean image is subtracted. If CIFAR-10 is not on your computer, a set of drawn
# images of the same shapes stands in for it; everything below works on both.

# %%
data = get_CIFAR10_data()
names = CLASSES if data["dataset"] == "cifar10" else OFFLINE_CLASSES


def flat(images):
    """One row per image: (N, 3, 32, 32) to (N, 3072)."""
    return images.reshape(len(images), -1)


X_train, y_train = flat(data["X_train"]), data["y_train"]
X_val, y_val = flat(data["X_val"]), data["y_val"]
X_test, y_test = flat(data["X_test"]), data["y_test"]
print("training", X_train.shape, " validation", X_val.shape, " test", X_test.shape)

# %% folded="Show nine training images of each class"
fig, axes = plt.subplots(2, 5, figsize=(11, 4.8), layout="constrained")
for label, ax in enumerate(axes.flat):
    few = data["X_train"][data["y_train"] == label][:9]
    show_images(few, ax=ax, title=names[label], mean_image=data["mean_image"])
plt.show()

# %% [markdown]
# A first try: 50 hidden units, 1000 iterations with batches of 200, learning rate $10^{-4}$.

# %%
np.random.seed(0)
poor_net = TwoLayerNet(32 * 32 * 3, 50, 10)
poor_stats = poor_net.train(
    X_train,
    y_train,
    X_val,
    y_val,
    learning_rate=1e-4,
    learning_rate_decay=0.95,
    reg=0.25,
    num_iters=1000,
    batch_size=200,
    verbose=True,
)
poor_accuracy = np.mean(poor_net.predict(X_val) == y_val)
print(f"validation accuracy {poor_accuracy:.1%}")

# %% [markdown]
# About 28 %. Guessing gives 10 %, so something was learned, but not much. Before you change anything, find
# out what is wrong. The steps may be too small, too large or too few; the network may be too small, or learn
# the images by heart; the penalty may be too strong. Each of these leaves its own traces.
#
# **Question 1.** What would you look at, and why? Name three things that can be plotted or measured without
# training again. Say of each what you would expect to see if the steps were too small, and what if the
# network overfitted.

# %% [markdown] written="what-to-look-at"
# ### BEGIN SOLUTION
# *The loss of every iteration.* With too small steps it falls slowly and is still falling at the end. (Too
# large ones make it jump, or explode.) With overfitting it falls far, and looks fine: the training loss alone
# does not show it.
#
# *The accuracies on training and on validation images.* With too small steps both are low and close to each
# other: the network does not even know the images it has seen. With overfitting the first is high and the gap
# is wide.
#
# *The first-layer weights as images.* With too small steps many units still look like the noise they started
# from, or like each other. With overfitting each unit has a pattern of its own, but a noisy one, with
# details of single images.
#
# (Also good: the share of the penalty in the loss; the length of a step compared with the length of the
# weights; how many hidden units are never positive.)
# ### END SOLUTION

# %% [markdown]
# Now look at it. `poor_stats` has the histories, which `plot_history` draws; `poor_net.params["W1"]` has one
# row per hidden unit, which `show_net_weights` draws as an image. The history's training accuracy comes from
# a single minibatch, so it jumps: measure it anew on more images.

# %% solution="look-at-the-poor-net"
# Plot and print what you named in Question 1.
### BEGIN SOLUTION
plot_history(poor_stats)
plt.show()
show_net_weights(poor_net.params["W1"], title="First-layer weights of the poor net")
plt.show()
on_training_images = np.mean(poor_net.predict(X_train[:5000]) == y_train[:5000])
print(f"accuracy on 5000 training images {on_training_images:.1%}, on the validation images {poor_accuracy:.1%}")
### END SOLUTION

# %% [markdown]
# And one experiment: the same network for 300 iterations at different learning rates. Before you run it:
# which shape do you expect, and where on it will $10^{-4}$ stand?

# %%
rates = np.logspace(-5, -2.4, 8)
after, accuracies = [], []
for rate in rates:
    np.random.seed(0)
    net = TwoLayerNet(32 * 32 * 3, 50, 10)
    with np.errstate(all="ignore"):  # at the largest rate the loss may explode
        stats = net.train(X_train, y_train, X_val, y_val, learning_rate=rate, reg=0.25, num_iters=300)
    after.append(np.mean(stats["loss_history"][-20:]))
    accuracies.append(np.mean(net.predict(X_val) == y_val))

# %% folded="Draw the loss and the accuracy against the learning rate"
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
left.semilogx(rates, after, markevery=1)
left.axhline(np.log(10), color="0.4", linestyle=":", marker="", linewidth=1)
left.annotate("guessing: ln 10", (rates[0], np.log(10)), (0, -12), textcoords="offset points")
left.set(xlabel="learning rate", ylabel="loss after 300 iterations", ylim=(1, 2.6))
left.set_title("Loss (where the line leaves the picture, it exploded)")
right.semilogx(rates, accuracies, markevery=1, color="#D55E00")
right.set(xlabel="learning rate", ylabel="validation accuracy", title="Accuracy")
for ax in (left, right):
    ax.axvline(1e-4, color="0.4", linestyle=":", marker="", linewidth=1)
plt.show()

# %% [markdown]
# **Question 2.** Why is the first try so poor? Name the reason (there may be more than one) and the
# evidence for it: what do the loss curve, the two accuracies and the sweep over learning rates say?

# %% [markdown] written="why-poor"
# ### BEGIN SOLUTION
# The network has hardly been trained. For the first hundred iterations and more the loss stays at $\ln 10$,
# then it falls steadily and is still falling when the 1000 iterations (four epochs) end: the steps are too
# small, and the decay makes them smaller every epoch. The sweep says the same: at seven times the rate, 300
# iterations reach a lower loss than 1000 did here.
#
# On as many images, the training and the validation accuracy are about the same. So the network does not
# overfit, and more regularisation would not help; there is room for larger steps, more of them, and if need
# be a larger network.
# ### END SOLUTION

# %% numbers="learning-badly"
[len(part) for part in (X_train, X_val, X_test)]  # shown: [49000, 1000, 1000]
len(X_train)  # shown: 49 000
100 * poor_accuracy  # shown: 28 ± 3.5
poor_losses = np.array(poor_stats["loss_history"])
np.abs(poor_losses[:100] - np.log(10)).max()  # shown: < 0.02
poor_losses[-100:].mean() < poor_losses[-200:-100].mean() - 0.01  # shown: True
len(poor_losses) * 200 // len(X_train)  # shown: 4
rates[5] / 1e-4  # shown: 7
after[5] < poor_losses[-20:].mean() - 0.1  # shown: True
100 * abs(on_training_images - poor_accuracy)  # shown: < 3.5

# %% [markdown]
# **Question 3.** How would you fix it? Say what you would change, in which order, and what you expect of
# each change.

# %% [markdown] written="how-to-fix"
# ### BEGIN SOLUTION
# First the learning rate, up by about a factor of ten (from the sweep): the loss should fall within the
# first hundred iterations. Then more iterations, until the validation accuracy stops rising; with a larger
# first rate a stronger decay becomes useful, because small steps late in training settle what large steps
# found early. When a gap between training and validation accuracy opens, try more regularisation. The number of
# hidden units stays at 50 here; it would come last, because it makes every run slower.
# ### END SOLUTION

# %% [markdown]
# ## 4. Images, well
#
# Your turn to search. Keep 50 hidden units; everything else is free: learning rate, decay, iterations,
# batch size, regularisation. Judge by the **validation** accuracy, never by the test set.
#
# You hand in the weights of your best net, and they are judged on images you have not seen: the score rises
# from 0 at 28 % to full marks at 50 %. A validation accuracy a little above 50 % is a good place to stop.
#
# Hints: change one thing at a time. Vary rates by factors, not by differences. Let short runs of 500
# iterations rule out what is hopeless, and train long only what is left. Keep a list of what you tried.

# %% solution="two-layer-search"
best_net = None  # the network with the best validation accuracy
best_stats = None  # what its train() returned

# Train networks with 50 hidden units and keep the best one, with its histories.
### BEGIN SOLUTION
settings = {"learning_rate_decay": 0.85, "reg": 0.5, "batch_size": 200}


def trained(learning_rate, num_iters):
    """A network with 50 hidden units, its histories and its validation accuracy."""
    np.random.seed(0)
    net = TwoLayerNet(32 * 32 * 3, 50, 10)  # not a secret
    stats = net.train(X_train, y_train, X_val, y_val, learning_rate=learning_rate, num_iters=num_iters, **settings)
    return net, stats, np.mean(net.predict(X_val) == y_val)  # not a secret


# Short runs choose the learning rate, one long run does the work.
short = {rate: trained(rate, num_iters=500)[2] for rate in (5e-4, 1e-3, 2e-3)}
for rate, accuracy in short.items():
    print(f"learning rate {rate:g}: {accuracy:.1%} after 500 iterations")
best_net, best_stats, _ = trained(max(short, key=short.get), num_iters=4000)
### END SOLUTION

# %%
best_accuracy = np.mean(best_net.predict(X_val) == y_val)
print(f"validation accuracy: {poor_accuracy:.1%} before, {best_accuracy:.1%} now")
axes = plot_history(poor_stats, label="poor")
plot_history(best_stats, axes=axes, label="best")
plt.show()

# %% [markdown]
# Write the weights into the folder you hand in, and check the file.

# %%
written = save_model("models/two_layer_best.npz", best_net.params, data)
print(f"written to {written}")

# %% exercise="models.two_layer_best"
check("models/two_layer_best.npz", data, TwoLayerNet)

# %% [markdown]
# ### What it looks for
#
# Every row of $W_1$ is an image: the one its hidden unit responds to most. On the left the poor net's, on
# the right your best one's.

# %% folded="Draw the first-layer weights of both networks"
fig, axes = plt.subplots(1, 2, figsize=(12, 6), layout="constrained")
show_net_weights(poor_net.params["W1"], ax=axes[0], title=f"poor net, {poor_accuracy:.1%}")
show_net_weights(best_net.params["W1"], ax=axes[1], title=f"best net, {best_accuracy:.1%}")
plt.show()

# %% [markdown]
# **Question 4.** What do you see in the one grid, and what in the other? Why do the poor net's units look
# so alike?

# %% [markdown] written="compare-weights"
# ### BEGIN SOLUTION
# The poor net's images are variations of a few blurred blobs of colour, some of them still under the noise of
# the start: all units began near zero, and in four epochs of tiny steps they have found only the strongest
# directions in the data, which are the same for all of them. (Three directions hold more than two thirds of
# all that is in its $W_1$, but well under half of what is in the best net's.) The best net's images differ
# from each other: patches of opposite colours, edges and blobs at particular places, a few of which resemble
# objects. Different units look for different things, which is what lets 50 of them tell ten classes apart.
# (Some are still noisy: fifty templates of whole images is all that this network has.)
# ### END SOLUTION


# %% numbers="grids"
def in_three_directions(W):
    """Share of the squares of W that its three strongest directions hold."""
    strengths = np.linalg.svd(W, compute_uv=False) ** 2
    return strengths[:3].sum() / strengths.sum()


def alike(W):
    """Mean absolute cosine between the images of two units."""
    rows = W / np.linalg.norm(W, axis=1, keepdims=True)
    return np.abs(rows @ rows.T)[np.triu_indices(len(W), 1)].mean()


in_three_directions(poor_net.params["W1"])  # shown: > 0.67
in_three_directions(best_net.params["W1"])  # shown: < 0.4
alike(poor_net.params["W1"]) > 2 * alike(best_net.params["W1"])  # shown: True
100 * best_accuracy  # shown: > 50
np.mean(best_stats["loss_history"][100:120])  # shown: < 2.0

# %% [markdown]
# ### Where it errs
#
# Now, once, the test set.

# %%
predicted = best_net.predict(X_test)
confusion = show_confusion(y_test, predicted, names, title=f"Test accuracy {np.mean(predicted == y_test):.1%}")
plt.show()

# %% [markdown]
# **Question 5.** Which two classes are mistaken for each other most often? Would you have expected it of a
# network that looks at colours at fixed places?

# %% [markdown] written="where-it-errs"
# ### BEGIN SOLUTION
# The answer depends on the data and on the run: it is the largest value off the diagonal. On CIFAR-10 it is
# usually cat and dog, or another pair of similar shape in front of a similar background (deer and bird,
# truck and automobile); on the offline set it is shapes with similar outlines (cross and star, frame and
# ring). That is what one should expect: with one template per hidden unit, the network knows overall colour
# and coarse shape, and these pairs have both in common. What tells them apart, such as ears or feathers, is
# small and can be anywhere in the image.
# ### END SOLUTION

# %% numbers="mistaken-pairs"
both_ways = (confusion + confusion.T)[np.triu_indices(10, 1)]
pairs = [{names[i], names[j]} for i, j in zip(*np.triu_indices(10, 1), strict=True)]
often = [pair for _, pair in sorted(zip(both_ways, pairs, strict=True), key=lambda entry: -entry[0])]
{"cross", "star"} in often[:6]  # shown: True
{"frame", "ring"} in often[:6]  # shown: True

# %% [markdown]
# ## Further
#
# Ungraded, for those who want to go on. In each case say first what you expect, then try it.
#
# **How many of the weights are needed?** Keep the start of your best run, train, set the smallest nine tenths
# of $W_1$ to zero and hold them there (a subclass of `TwoLayerNet` whose `loss` puts zeros into the
# gradient), and train what is left: once from its *original* starting values, once from new random ones.
# Known: in many nets such a "winning ticket" trains as well as the whole, and the new start is worse. Does
# that hold for 50 units, and how far can you prune? J. Frankle, M. Carbin, "The lottery ticket hypothesis:
# finding sparse, trainable neural networks", *ICLR* 2019.
#
# **Does the first layer have to learn?** Fix $W_1$ at random values of a sensible size and train only $W_2$.
# Compare with your best net at 50, 200 and 1000 units. Then fill $W_1$ with patches cut from the training
# images. Known: given enough units, features that never saw a label come surprisingly far; what counts is
# their number, and how the pixels are normalised. A. Coates, H. Lee, A. Y. Ng, "An analysis of single-layer
# networks in unsupervised feature learning", *AISTATS* 2011.
#
# **Is more worse?** Take 500 training images, give a tenth of them a wrong label, use no penalty, and plot
# the validation error over the width from 2 to 500 units, trained until the training loss is near zero. The
# textbook curve falls and then rises. Known: near the width at which the net just fits all labels the error
# can peak, and fall again beyond. Can you find the peak, and does early stopping hide it? M. Belkin, D. Hsu,
# S. Ma, S. Mandal, "Reconciling modern machine-learning practice and the classical bias–variance trade-off",
# *Proceedings of the National Academy of Sciences*, 2019.
