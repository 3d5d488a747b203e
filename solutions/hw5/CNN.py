# %% [markdown]
# # A convolutional network
#
# All the pieces are there: convolution, pooling, ReLU, affine layers, normalisation, good update rules, a solver. Now
# put three layers together, convince yourself that the network is right *before* it trains for long, search for good
# settings cheaply, and then find the best network you can.
#
# | | what you do | where |
# |---|---|---|
# | 1 | a network of three layers | `ThreeLayerConvNet` in `nndl/cnn.py` |
# | 2 | three cheap tests: first loss, gradients, a hundred images by heart | here |
# | 3 | one epoch, and a look at the filters | here |
# | 4 | a search for good settings, from coarse to fine | here |
# | 5 | patterns: what networks are made of | here |
# | 6 | any convolutional network with more than 65 % | here |
# | 7 | further: ideas to try, ungraded | here |
#
# Copy your `nndl` files of the last assignments into this folder's `nndl` if they are not there yet.

# %% folded="Set-up: run this cell first"
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np

from nndl.cnn import ThreeLayerConvNet
from nndl.conv_layer_utils import (
    conv_bn_relu_backward,
    conv_bn_relu_forward,
    conv_bn_relu_pool_backward,
    conv_bn_relu_pool_forward,
    conv_relu_forward,
)
from nndl.layers import affine_backward, affine_forward, softmax_loss
from utils.checks import check
from utils.cifar10 import CLASSES
from utils.data_utils import get_CIFAR10_data
from utils.experiments import run_each
from utils.fast_layers import BACKEND, conv_backward_fast, conv_forward_fast
from utils.gradient_check import eval_numerical_gradient, rel_error
from utils.offline_images import OFFLINE_CLASSES
from utils.solver import Solver
from utils.vis_utils import course_style, plot_history, show_confusion, show_images, visualize_grid

course_style()
print(f"the fast layers run on: {BACKEND}")

# %%
data = get_CIFAR10_data()
names = CLASSES if data["dataset"] == "cifar10" else OFFLINE_CLASSES

# How much is trained, all in one place, so that the whole notebook takes about three minutes on two processor cores.
# With more time, let BEST have 7 epochs, and FIRST all 49,000 images.
if data["dataset"] == "cifar10":
    FIRST = {"images": 49_000, "num_epochs": 1, "batch_size": 50}
    BEST = {"images": 49_000, "num_epochs": 5, "batch_size": 100}
else:
    FIRST = {"images": 8_000, "num_epochs": 1, "batch_size": 50}
    BEST = {"images": 49_000, "num_epochs": 3, "batch_size": 100}


def first(count):
    """The data with only the first `count` training images."""
    return {**data, "X_train": data["X_train"][:count], "y_train": data["y_train"][:count]}


# %% [markdown]
# ## 1. Three layers
#
# $$\text{conv} - \text{ReLU} - 2 \times 2 \text{ max pool} - \text{affine} - \text{ReLU} - \text{affine} -
# \text{softmax}$$
#
# The convolution is padded by $(\text{filter size} - 1)/2$ on each side, so that its output is as large as the
# image; the pooling halves height and width. Follow the shapes: the only hard question in `__init__` is how many
# numbers arrive at the first affine layer.
#
# ![Computation graph: X of shape (N, C, H, W) goes through conv and ReLU, which gives (N, F, H, W), max pool, which
# gives (N, F, H/2, W/2), affine and ReLU, which gives (N, M), and affine, which gives the scores, to the softmax loss
# with the labels y. W1, b1, W2, b2, W3 and b3 enter the three layers with weights; dout comes back along every arrow,
# dw and db to the weights.](cnn-graph.svg)

# %% picture="cnn-graph"
from utils.graph_drawing import Edge, draw_graph
from utils.vis_utils import course_style

course_style()
draw_graph(
    {
        "$X$": (0, 0),
        "conv, ReLU": (2.3, 0),
        "max pool": (4.8, 0),
        "affine, ReLU": (7.5, 0),
        "affine": (9.7, 0),
        "softmax loss": (11.8, 0),
        "$W_1, b_1$": (2.3, 1.6),
        "$W_2, b_2$": (7.5, 1.6),
        "$W_3, b_3$": (9.7, 1.6),
        "$y$": (11.8, 1.6),
    },
    [
        Edge("$X$", "conv, ReLU", "$(N, C, H, W)$"),
        Edge("$W_1, b_1$", "conv, ReLU", "", "dw, db"),
        Edge("conv, ReLU", "max pool", "$(N, F, H, W)$", "dout"),
        Edge("max pool", "affine, ReLU", r"$(N, F, H/2, W/2)$", "dout"),
        Edge("$W_2, b_2$", "affine, ReLU", "", "dw, db"),
        Edge("affine, ReLU", "affine", "$(N, M)$", "dout"),
        Edge("$W_3, b_3$", "affine", "", "dw, db"),
        Edge("affine", "softmax loss", "scores", "dout"),
        Edge("$y$", "softmax loss"),
    ],
    title="Forward in blue, backward in orange",
)

# %% exercise="cnn.ThreeLayerConvNet.__init__"
check(ThreeLayerConvNet.__init__)

# %% [markdown]
# **Question 1.** Print the shapes of the parameters of the standard network (the next cell does). Where are most of
# its weights? And where is most of its *work*: how many multiplications does each of the three layers need for one
# image? Why are the two answers different?

# %%
net = ThreeLayerConvNet()
for name, value in net.params.items():
    print(f"{name}: shape {value.shape!s:<14} {value.size:>9,} numbers")

# %% [markdown] written="where-the-weights-are"
# ### BEGIN SOLUTION
# Almost all weights (819 200 of 825 046 numbers, 99 %) are in $W_2$, which connects each of the
# $32 \cdot 16 \cdot 16 = 8192$ pooled numbers with each of the 100 hidden units. The filters have 4704.
#
# Multiplications for one image: in the convolution $32 \cdot 32 \cdot 32$ outputs with $3 \cdot 7 \cdot 7 = 147$
# products each, 4.8 million; in the first affine layer 0.8 million; in the last one 1000. So 85 % of the work is in
# the convolution, with 0.6 % of the weights.
#
# The reason is that a convolution uses each of its weights again at every place (1024 times here), an affine layer
# each of its weights just once. Sharing makes few weights go a long way, and each of them gets gradient from
# everywhere in the image.
# ### END SOLUTION

# %% numbers="where-the-weights-are-numbers"
sizes = {name: value.size for name, value in ThreeLayerConvNet().params.items()}
sum(sizes.values())  # shown: 825,046
sizes["W2"]  # shown: 819,200
100 * sizes["W2"] / sum(sizes.values())  # shown: 99
sizes["W1"]  # shown: 4704
100 * sizes["W1"] / sum(sizes.values())  # shown: 0.6
in_convolution, in_affine, in_last = 32 * 32 * 32 * 147, 8192 * 100, 100 * 10
in_convolution / 1e6  # shown: 4.8
in_affine / 1e6  # shown: 0.8
in_last  # shown: 1000
100 * in_convolution / (in_convolution + in_affine + in_last)  # shown: 85
32 * 32  # shown: 1024

# %% [markdown]
# Now `loss`. Use the sandwiches of `nndl/conv_layer_utils.py` and `nndl/layer_utils.py`: forward it is three calls,
# backward three more. With `use_batchnorm` the sandwiches are others, that is all.
#
# ## 2. Before it trains for long
#
# ### The first loss
#
# Ten classes and small weights: the network cannot know anything, so its loss should be $\ln 10 = 2.303$. With
# `reg` 0.5 it should be a little higher, near 2.51 for these sizes (why that much?).

# %%
np.random.seed(0)
X, y = np.random.randn(50, 3, 32, 32), np.random.randint(10, size=50)
for reg in (0.0, 0.5):
    net = ThreeLayerConvNet(reg=reg)
    print(f"reg {reg}: first loss {net.loss(X, y)[0]:.3f}")

# %% numbers="first-loss"
np.log(10)  # shown: 2.303
weights = sum(value.size for name, value in ThreeLayerConvNet().params.items() if name.startswith("W"))
np.log(10) + 0.5 * 0.5 * weights * 1e-3**2  # shown: 2.51
net.loss(X, y)[0]  # shown: 2.51

# %% [markdown]
# ### Gradients
#
# A small network on small images that are not square, in double precision. Expect at most $10^{-2}$ for $W_1$ and
# $W_2$ and at most $10^{-5}$ for the others. (Many gradients in $W_1$ and $W_2$ are nearly zero, so rounding in the
# numeric gradient weighs much; and if a ReLU or a maximum changes its mind within the step $h$, then it is the
# numeric one that is wrong.)

# %% folded="look_at_gradients: gradients against numeric ones"
np.random.seed(1)
X, y = np.random.randn(2, 3, 12, 16), np.array([3, 8])


def look_at_gradients(**options):
    """Print how well the gradients of a small network agree with numeric ones."""
    net = ThreeLayerConvNet((3, 12, 16), 3, 3, 7, weight_scale=5e-2, reg=0.1, dtype=np.float64, **options)
    _, grads = net.loss(X, y)
    for name, value in sorted(net.params.items()):
        numeric = eval_numerical_gradient(lambda _: net.loss(X, y)[0], value, verbose=False, h=1e-6)
        print(f"    {name:<6} largest relative error {rel_error(grads[name], numeric):.1e}")


# %%
print("without batch norm")
look_at_gradients()
print("with batch norm")
look_at_gradients(use_batchnorm=True)

# %% [markdown]
# (With batch norm the biases right before it have no effect: whatever they add is subtracted again with the mean. Their
# gradients are 0 up to rounding, and a *relative* error says nothing about them.)

# %% exercise="cnn.ThreeLayerConvNet.loss"
check(ThreeLayerConvNet.loss)

# %% [markdown]
# ### A hundred images by heart
#
# A network with this many weights must be able to learn a hundred images. If the training accuracy does not go to
# nearly 100 %, look for a mistake before you look for settings. The validation accuracy may be poor, and that is as it
# should be.

# %%
np.random.seed(0)
overfit = Solver(
    ThreeLayerConvNet(weight_scale=1e-2),
    {**first(100), "X_val": data["X_val"][:300], "y_val": data["y_val"][:300]},
    update_rule="adam",
    optim_config={"learning_rate": 1e-3},
    batch_size=50,
    num_epochs=20,
    print_every=10,
)
overfit.train()

# %%
plot_history(overfit, smooth=1)
plt.show()

# %% [markdown]
# ## 3. One epoch
#
# Now all of it, once. On CIFAR-10 a single epoch takes about a minute and brings the validation accuracy to 50 %, give
# or take a few points: at a learning rate that does not fall, it depends on which step happens to be the last. (UCLA
# and Stanford let Adam take steps twice as large, $10^{-3}$. Try it: the accuracy jumps more, and ends several points
# lower.) The bar shows the time left; if you stop it, what was reached so far is kept: go on with the next cell.

# %%
np.random.seed(0)
net = ThreeLayerConvNet(hidden_dim=500, reg=1e-3)
one_epoch = Solver(
    net,
    first(FIRST["images"]),
    update_rule="adam",
    optim_config={"learning_rate": 5e-4},
    batch_size=FIRST["batch_size"],
    num_epochs=FIRST["num_epochs"],
    print_every=40,
)
one_epoch.train()

# %%
plot_history(one_epoch)
plt.show()

# %% [markdown]
# The solver guesses the training accuracy from 1000 images, to save time. Once, at the end, on all images that were
# trained on, and on all of the validation set:

# %%
for part, X, y in (("training", one_epoch.X_train, one_epoch.y_train), ("validation", data["X_val"], data["y_val"])):
    print(f"{part} accuracy, {len(X):,} images: {one_epoch.check_accuracy(X, y):.1%}")

# %% numbers="one-epoch"
import json
from pathlib import Path

on_cifar10 = json.loads(Path("benchmarks/notebooks.json").read_text("utf-8"))["cifar10"]["hw5/CNN"]["figures"]
100 * on_cifar10["three-layer CNN, one epoch, validation"]  # shown: 50 ± 5

# %% [markdown]
# ### What the filters look for
#
# A filter of the first layer has as many channels as the image, so it can be looked at as a tiny image itself. On the
# left as they were drawn at random, in the middle after training, on the right those of the network with a hundred
# images in its head.

# %%
np.random.seed(0)
untrained = ThreeLayerConvNet(hidden_dim=500)
shown = {"at random": untrained, "after training": net, "a hundred images by heart": overfit.model}

# %% folded="Draw the filters"
fig, axes = plt.subplots(1, 3, figsize=(13, 4.6), layout="constrained")
for ax, (title, of) in zip(axes, shown.items(), strict=True):
    ax.imshow(visualize_grid(of.params["W1"].transpose(0, 2, 3, 1), padding=1).astype(np.uint8))
    ax.set_title(title)
    ax.set_axis_off()
plt.show()

# %% [markdown]
# And what they answer. Five images, and the output of four filters (after the ReLU, so dark means that nothing was
# found): first the one that responds most, then those whose answers have least in common with the ones above.

# %% folded="Draw what four different filters answer to five images"
images = data["X_val"][:5]
answers, _ = conv_relu_forward(images.astype(net.dtype), net.params["W1"], net.params["b1"], net.conv_param)
by_filter = answers.transpose(1, 0, 2, 3).reshape(answers.shape[1], -1)
spread = by_filter.std(axis=1)
lively = np.flatnonzero(spread > 0.2 * spread.max())
alike = np.abs(np.corrcoef(by_filter[lively]))
picked = [spread[lively].argmax()]
while len(picked) < 4:
    picked.append(alike[picked].max(axis=0).argmin())

fig, axes = plt.subplots(5, 5, figsize=(9.5, 9.5), layout="constrained")
kernels = net.params["W1"].transpose(0, 2, 3, 1)
for number, (image, ax) in enumerate(zip(images, axes[0], strict=True)):
    show_images(image[None], ax=ax, title=names[data["y_val"][number]], mean_image=data["mean_image"])
for row, which in zip(axes[1:], lively[picked], strict=True):
    for number, ax in enumerate(row):
        ax.imshow(answers[number, which], cmap="cividis", vmin=0, vmax=answers[:, which].max())
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
    small = row[0].inset_axes((0, 0.68, 0.32, 0.32))
    small.imshow(visualize_grid(kernels[[which]]).astype(np.uint8))
    small.set(xticks=[], yticks=[])
    row[0].set_ylabel(f"filter {which}")
plt.show()

# %% [markdown]
# **Question 2.** Describe the trained filters: which kinds do you find? Compare them with the first-layer weights of
# the fully connected nets you trained: what can a filter *not* know that a row of theirs did know? And why do the
# filters of the third picture look so much like those of the first?

# %% [markdown] written="what-filters-see"
# ### BEGIN SOLUTION
# Blobs of one colour (they measure the local colour), pairs of opposite colours side by side, and light-dark edges of
# several directions; after a single epoch many are still noisy. They are the kinds of filters that were made by hand
# in the first notebook, only that nobody made them.
#
# A row of a fully connected net is a template of a whole image: it knows *where* in the image something is. A filter is
# used everywhere and sees $7 \times 7$ pixels; it knows what is there, and nothing of where. The place is left to the
# affine layers behind.
#
# A hundred images can be told apart by almost any filters: thousands of random features are enough, and the affine
# layers learn which image has which. So there is hardly a reason for the filters to change, and few steps to do it in:
# they change by less than a third of their size, while those of the second picture have grown to more than three times
# theirs. (And both nets started from the same draw.) Filters that mean something come from having to be right about
# many images.
# ### END SOLUTION

# %% numbers="what-filters-see-numbers"
np.random.seed(0)
at_random = ThreeLayerConvNet(weight_scale=1e-2).params["W1"]  # as the network of a hundred images started
learned, by_heart = net.params["W1"], overfit.model.params["W1"]
np.linalg.norm(by_heart - at_random) / np.linalg.norm(at_random)  # shown: < 0.33
np.linalg.norm(learned) / np.linalg.norm(untrained.params["W1"])  # shown: > 3

# %% [markdown]
# ## 4. Search, from coarse to fine
#
# Nobody knows the best learning rate of a new network beforehand, but it costs little to find out roughly. Draw
# settings **at random on a logarithmic scale** (the good rate may be $10^{-2}$ or $10^{-5}$), and train each for a few
# dozen steps only: where nothing moves, or nothing is learned, more time would not help much. Then look where the good
# ones are, draw again from there, and train longer. Why at random, and not on a grid? Because some settings hardly
# matter, and nobody knows which. Of 18 random settings all 18 have another rate; a grid of the same size has four or
# five ([Bergstra and Bengio, 2012](https://www.jmlr.org/papers/v13/bergstra12a.html)).
#
# Below, for a smaller network (a quarter of a minute): learning rate and strength of the penalty.


# %%
def tried(learning_rate, reg, images):
    """Validation accuracy of a small network after one pass over a few training images."""
    np.random.seed(0)
    solver = Solver(
        ThreeLayerConvNet(num_filters=16, filter_size=5, reg=reg),
        first(images),
        update_rule="adam",
        optim_config={"learning_rate": learning_rate},
        batch_size=50,
        num_epochs=1,
        num_train_samples=100,
        verbose=False,
    )
    solver.train()
    return solver.val_acc_history[-1]


rng = np.random.default_rng(15)
rates, regs = 10 ** rng.uniform(-5, -1, 18), 10 ** rng.uniform(-4, 1, 18)
coarse = run_each(lambda setting: tried(*setting, images=2500), list(zip(rates, regs, strict=True)), title="coarse")

good = np.log10(sorted(coarse, key=coarse.get)[-3:])  # the three best
rates, regs = 10 ** rng.uniform(good.min(axis=0), good.max(axis=0), size=(8, 2)).T
fine = run_each(lambda setting: tried(*setting, images=7500), list(zip(rates, regs, strict=True)), title="fine")

# %% folded="Draw what the search found"
fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained")
for found, marker, label in ((coarse, "o", "coarse, 50 steps"), (fine, "D", "fine, 150 steps")):
    rates, regs = np.transpose(list(found))
    drawn = left.scatter(
        rates, regs, c=list(found.values()), marker=marker, s=110, vmin=0.1, vmax=0.45, cmap="cividis", edgecolor="0.4"
    )
    right.plot(rates, list(found.values()), linestyle="", marker=marker, markevery=1, label=label)
left.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="reg", title="Two settings at once")
right.axhline(0.1, color="0.4", linestyle=":", marker="", linewidth=1)
right.set(xscale="log", xlabel="learning rate", ylabel="validation accuracy", title="The learning rate decides")
fig.colorbar(drawn, ax=left, label="validation accuracy")
right.legend()
plt.show()
best_found = max(fine, key=fine.get)
print(f"best: learning rate {best_found[0]:.1e}, reg {best_found[1]:.1e}, validation accuracy {fine[best_found]:.1%}")

# %% [markdown]
# All rates above $5 \cdot 10^{-3}$ stay at 10 %, which is guessing; all below $10^{-4}$ have hardly begun. The penalty
# does little in so few steps, unless it is so strong that it holds the weights near zero. (What it is for, keeping
# the two accuracies together, shows after several epochs: such settings have to be searched with longer runs, once the
# rate is about right.)

# %% numbers="search"
max(value for (rate, _), value in coarse.items() if rate > 5e-3)  # shown: < 0.15
max(value for (rate, _), value in coarse.items() if rate < 1e-4)  # shown: < 0.3
np.log10(max(coarse, key=coarse.get)[0])  # shown: -3.0 ± 0.8
weak = [value for (_, reg), value in fine.items() if reg < 0.05]
len(weak)  # shown: 8
max(value for (_, reg), value in coarse.items() if reg > 0.5)  # shown: < 0.3
len(coarse)  # shown: 18

# %% [markdown]
# ## 5. Patterns
#
# Convolutional networks are rarely designed layer by layer; they repeat a pattern. With *conv* for a convolution and
# its ReLU:
#
# - [conv – pool] × N – affine: each pooling halves height and width, so the number of filters may double and the maps
#   still get smaller;
# - [conv – conv – pool] × N – affine: more layers before each pooling, so a unit sees more pixels when they are thrown
#   together;
# - [conv – pool] × N – conv – [affine] × M: several affine layers at the end, where most of the weights then are;
# - batch normalisation between any convolution and its ReLU: the learning rate matters less, and fewer epochs are
#   enough.
#
# Which filters? Three layers of $3 \times 3$ see as many pixels as one of $7 \times 7$, with about half the weights and
# with two more ReLUs in between ([Simonyan and Zisserman, 2015](https://arxiv.org/abs/1409.1556), section 2.3). They do
# not weigh them alike, though: in the picture each weight is 1, and the number says on how many paths a pixel reaches
# the output in the middle. A $1 \times 1$ filter sees one pixel: it mixes channels, and can make few of many before
# something expensive.


# %% folded="Draw the paths to the middle, and count weights"
def paths_to_the_middle(sizes, shape=(11, 11)):
    """The gradient of the output in the middle, through a stack of convolutions with all weights 1."""
    gradient = np.zeros((1, 1, *shape))
    gradient[0, 0, shape[0] // 2, shape[1] // 2] = 1
    for size in sizes:
        conv_param = {"stride": 1, "pad": size // 2}
        _, cache = conv_forward_fast(np.zeros((1, 1, *shape)), np.ones((1, 1, size, size)), np.zeros(1), conv_param)
        gradient = conv_backward_fast(gradient, cache)[0]
    return gradient[0, 0]


channels = 32
stacks = {"one 7×7": [7], "three 3×3": [3, 3, 3], "two 3×3": [3, 3], "one 5×5": [5]}
fig, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
for ax, name in zip(axes, ("one 7×7", "three 3×3"), strict=True):
    paths = paths_to_the_middle(stacks[name])
    ax.imshow(paths, cmap="cividis", vmin=0)
    for (row, column), count in np.ndenumerate(paths):
        dark = count > paths.max() / 2
        ax.text(column, row, f"{count:.0f}", ha="center", va="center", fontsize=8, color="black" if dark else "white")
    ax.set_title(name)
    ax.set_axis_off()
plt.show()

print(f"from {channels} channels to {channels}:")
for name, sizes in {**stacks, "one 1×1": [1]}.items():
    field = 1 + sum(size - 1 for size in sizes)
    weights = sum(size * size for size in sizes) * channels**2
    print(f"{name:<10} sees {field} × {field} pixels, has {weights:>6,} weights")

# %% [markdown]
# And whole networks. The function below follows the shapes and counts; put in what you have in mind before you train
# it. The weights of convolutions are few and work hard; those of the first affine layer are many and work once.


# %% folded="counted: follow shapes and counts through the layers of a network"
def counted(layers, shape=(3, 32, 32)):
    """Weights, multiplications for one image, and the pixels that one unit before the affine layers sees."""
    channels, height, width = shape
    weights = products = 0
    field = jump = 1  # pixels that a unit sees; pixels between two units
    for kind, number in layers:
        if kind == "pool":  # 2 × 2, stride 2
            height, width, field, jump = height // 2, width // 2, field + jump, 2 * jump
        elif kind == "affine":
            inputs, channels, height, width = channels * height * width, number, 1, 1
            weights, products = weights + inputs * number, products + inputs * number
        else:  # "3×3", as large as its input
            size = int(kind[0])
            here = number * channels * size * size
            weights, products = weights + here, products + here * height * width
            channels, field = number, field + (size - 1) * jump
    return weights, products, field


# %%
POOL = ("pool", 2)
patterns = {
    "this notebook: 7×7 – pool – affine – affine": [("7×7", 32), POOL, ("affine", 100), ("affine", 10)],
    "[3×3 – pool] × 3 – affine": [("3×3", 32), POOL, ("3×3", 64), POOL, ("3×3", 128), POOL, ("affine", 10)],
    "[3×3 – 3×3 – pool] × 2 – affine – affine": [
        *[("3×3", 32)] * 2, POOL, *[("3×3", 64)] * 2, POOL, ("affine", 100), ("affine", 10)
    ],
    "[3×3 – pool] × 2 – 3×3 – affine – affine": [
        ("3×3", 32), POOL, ("3×3", 64), POOL, ("3×3", 64), ("affine", 100), ("affine", 10)
    ],
    "the same, with a 1×1 before the affine": [
        ("3×3", 32), POOL, ("3×3", 64), POOL, ("3×3", 64), ("1×1", 8), ("affine", 100), ("affine", 10)
    ],
}  # fmt: skip
print(f"{'':<44} {'weights':>9} {'products':>12} {'sees':>8}")
for name, layers in patterns.items():
    weights, products, field = counted(layers)
    print(f"{name:<44} {weights:>9,} {products:>12,} {field:>4} × {field}")

# %% numbers="patterns"
27 / 49  # shown: 0.55
np.count_nonzero(paths_to_the_middle([3, 3, 3])) / 7**2  # shown: 1
counted(patterns["this notebook: 7×7 – pool – affine – affine"])[0]  # shown: 824,904
sum(value.size for name, value in ThreeLayerConvNet().params.items() if name.startswith("W"))  # shown: 824,904

# %% [markdown]
# ## 6. Your best network
#
# Train a convolutional network with more than **65 %** on the validation set. Everything is allowed that you build
# from your layers: other filter sizes and numbers, more hidden units, batch normalisation (`use_batchnorm=True`), or a
# class of your own that extends `ThreeLayerConvNet`, in one of the patterns above, with group normalisation or dropout.
# On CIFAR-10 a single convolution and seven epochs are just about enough, if the settings are good.
#
# `BEST`, at the top, says how long the model answer trains. Hints: search on a part of the data first (`first(5000)`),
# from coarse to fine; large batches are quicker per image; when the training accuracy runs away from the validation
# accuracy, think of `reg`, of fewer hidden units, of a faster decay.

# %% solution="best-cnn"
best_net = None  # a ThreeLayerConvNet, or a network of your own
best_solver = None  # its Solver, after training


### BEGIN SOLUTION
class DeeperConvNet(ThreeLayerConvNet):
    """Three convolutions, each with batch norm and ReLU, and an affine layer.

    The first convolution moves by two pixels, the others are followed by pooling: the maps are 16 × 16, 8 × 8 and
    4 × 4 pixels large.
    """

    def __init__(self, filters=(16, 32, 64), sizes=(5, 3, 3), reg=1e-3):
        self.reg, self.dtype, self.params, self.bn_params = reg, np.float32, {}, {}
        channels = 3
        for layer, (number, size) in enumerate(zip(filters, sizes, strict=True), 1):
            scale = np.sqrt(2 / (channels * size * size))  # He et al. (2015)
            self.params[f"W{layer}"] = scale * np.random.randn(number, channels, size, size)
            self.params[f"b{layer}"] = np.zeros(number)
            self.params[f"gamma{layer}"], self.params[f"beta{layer}"] = np.ones(number), np.zeros(number)
            self.bn_params[layer] = {}
            channels = number
        self.params["W"] = np.random.randn(16 * channels, 10) / np.sqrt(16 * channels)
        self.params["b"] = np.zeros(10)
        self.params = {name: value.astype(self.dtype) for name, value in self.params.items()}

    def loss(self, X, y=None):
        """Scores without labels; the loss and its gradients with them."""
        hidden, caches = np.asarray(X, dtype=self.dtype), []
        for layer, bn_param in self.bn_params.items():
            bn_param["mode"] = "train" if y is not None else "test"
            W, *others = (self.params[f"{name}{layer}"] for name in ("W", "b", "gamma", "beta"))
            conv_param = {"stride": 2 if layer == 1 else 1, "pad": W.shape[2] // 2}
            arguments = (hidden, W, *others, conv_param, bn_param)
            if layer == 1:
                hidden, cache = conv_bn_relu_forward(*arguments)
            else:
                hidden, cache = conv_bn_relu_pool_forward(*arguments, {"pool_height": 2, "pool_width": 2, "stride": 2})
            caches.append(cache)
        scores, affine_cache = affine_forward(hidden, self.params["W"], self.params["b"])
        if y is None:
            return scores

        loss, dscores = softmax_loss(scores, y)
        grads = {}
        dhidden, grads["W"], grads["b"] = affine_backward(dscores, affine_cache)
        for layer in reversed(self.bn_params):
            backward = conv_bn_relu_backward if layer == 1 else conv_bn_relu_pool_backward
            dhidden, *gradients = backward(dhidden, caches.pop(), input_gradient=layer > 1)
            for name, gradient in zip(("W", "b", "gamma", "beta"), gradients, strict=True):
                grads[f"{name}{layer}"] = gradient
        for name, gradient in grads.items():
            if name.startswith("W"):
                loss += 0.5 * self.reg * np.sum(self.params[name] ** 2)
                gradient += self.reg * self.params[name]
        return loss, grads


np.random.seed(0)
best_net = DeeperConvNet()
best_solver = Solver(
    best_net,
    first(BEST["images"]),
    update_rule="adam",
    optim_config={"learning_rate": 2e-3},
    lr_decay=0.5,
    batch_size=BEST["batch_size"],
    num_epochs=BEST["num_epochs"],
    print_every=60,
)
best_solver.train()
### END SOLUTION

# %%
plot_history(best_solver)
plt.show()

# %% [markdown]
# And its accuracy on all images it was trained on and on the whole validation set, not on samples of them:

# %%
full = {
    part: best_solver.check_accuracy(X, y)
    for part, X, y in (
        ("training", best_solver.X_train, best_solver.y_train),
        ("validation", data["X_val"], data["y_val"]),
    )
}
for part, accuracy in full.items():
    print(f"{part} accuracy {accuracy:.1%}")

# %% [markdown]
# ### Where it looks
#
# Cover a part of an image with gray and see what happens to the probability of the right class. Where it drops, the
# network was looking. Dark spots on the object mean that it recognises the thing; dark spots beside it mean that it
# recognises the surroundings.


# %%
def probability(images, label):
    """What the best network gives to a class."""
    scores = best_net.loss(images).astype(float)
    return np.exp(scores[:, label] - np.logaddexp.reduce(scores, axis=1))


def covered(number, size=8, step=2):
    """Probability of the right class with a gray patch at each place, and without."""
    image, label = data["X_val"][number], data["y_val"][number]
    places = np.arange(0, 32 - size + 1, step)
    copies = np.repeat(image[None], len(places) ** 2, axis=0)
    for copy, (i, j) in zip(copies, np.ndindex(len(places), len(places)), strict=True):
        copy[:, places[i] : places[i] + size, places[j] : places[j] + size] = 0  # the mean image
    drop = probability(copies, label).reshape(len(places), len(places))
    return drop, probability(image[None], label)[0]


right = best_net.loss(data["X_val"][:200]).argmax(axis=1) == data["y_val"][:200]
chosen = np.flatnonzero(right)[:6]
results = run_each(covered, [int(number) for number in chosen], title="images")

# %% folded="Draw where it looks"
fig, axes = plt.subplots(2, len(results), figsize=(13, 4.8), layout="constrained", squeeze=False)
for (above, below), (number, (with_patch, without)) in zip(axes.T, results.items(), strict=True):
    title = f"{names[data['y_val'][number]]}: {without:.0%}"
    show_images(data["X_val"][[number]], ax=above, title=title, mean_image=data["mean_image"])
    drawn = below.imshow(with_patch, extent=(3, 29, 29, 3), cmap="cividis", vmin=0, vmax=1)
    below.set(xlim=(0, 32), ylim=(32, 0), xticks=[], yticks=[])
    below.set_xlabel("middle of the patch")
    below.grid(visible=False)
fig.colorbar(drawn, ax=axes[1], label="probability, covered")
plt.show()

# %% [markdown]
# ### The test set, once

# %%
predicted = np.concatenate([best_net.loss(part).argmax(axis=1) for part in np.array_split(data["X_test"], 10)])
test_accuracy = np.mean(predicted == data["y_test"])
confusion = show_confusion(data["y_test"], predicted, names, title=f"Test accuracy {test_accuracy:.1%}")
plt.show()

# %% [markdown]
# **Question 3.** Report: your validation and test accuracy; the network; what you tried, and what each change brought.
# Look at the two pictures above: does the network look at the objects, and which classes does it still confuse?
# (Full points need 65 % on the validation set and a report that says how it was reached.)

# %% [markdown] written="best-cnn-report"
# ### BEGIN SOLUTION
# (On the offline set.) 68 % on the validation set, 70 % on the test set and 74 % on the training set, with
# three convolutions: $5 \times 5$ with stride 2 and 16 filters, then $3 \times 3$ with 32 and 64 filters and a pooling
# each, batch normalisation everywhere, one affine layer; Adam at $2 \cdot 10^{-3}$, halved after every epoch.
#
# What each change brought was measured on the first 8000 images, in one epoch with batches of 50. *More convolutions,
# fewer affine weights:* the three-layer network reaches 38 %, this one 45 %, with less than a hundredth of the weights.
# *Stride 2 in the first one:* a step costs less than half, so that in the same time more images can be seen. *The
# rate:* searched from coarse to fine as above; with batch normalisation everything from $5 \cdot 10^{-4}$ to $4 \cdot
# 10^{-3}$ does about as well. *All images, three times:* from 45 % to 68 %.
#
# Covering shows that the network mostly looks at the object (the bar is gone when its middle is covered), but for some
# images no single patch matters much, or a spot beside the object does. What it still confuses are shapes with like
# parts: bars, stars and frames are taken for crosses, crescents for waves.
#
# (On CIFAR-10, five epochs of the same network reach 67 % on the validation set and 68 % on the test set.)
# ### END SOLUTION

# %% numbers="best-cnn-on-cifar10"
import json
from pathlib import Path

on_cifar10 = json.loads(Path("benchmarks/notebooks.json").read_text("utf-8"))["cifar10"]["hw5/CNN"]["figures"]
100 * on_cifar10["best CNN, validation"]  # shown: 67
100 * on_cifar10["best CNN, test"]  # shown: 68

# %% numbers="best-cnn-report-numbers"
100 * best_solver.best_val_acc  # shown: 68 ± 2.5
100 * test_accuracy  # shown: 70 ± 2.5
100 * full["training"]  # shown: 74 ± 2.5
100 * best_solver.best_val_acc  # shown: > 65
few, many = (sum(value.size for value in model.params.values()) for model in (best_net, net))
few / many  # shown: < 0.01
short = {}
for rate in (5e-4, 2e-3, 4e-3):
    np.random.seed(0)
    run = Solver(DeeperConvNet(), first(8000), "adam", {"learning_rate": rate}, 1.0, 50, 1, verbose=False)
    run.train()
    short[rate] = 100 * run.val_acc_history[-1]
100 * one_epoch.val_acc_history[-1]  # shown: 38 ± 4
short[2e-3]  # shown: 45 ± 4
max(short.values()) - min(short.values())  # shown: < 6
taken_for = {names[i]: {names[j]: confusion[i, j] for j in range(10)} for i in range(10)}
min(taken_for[name]["cross"] for name in ("bar", "star", "frame"))  # shown: > 0.05
taken_for["crescent"]["wave"]  # shown: > 0.05

# %% [markdown]
# The networks of the last years have many more layers, but most of their pieces are these. In HW6 a library writes the
# backward passes for you. You know what it writes.
#
# ## 7. Further
#
# Nothing here is graded.
#
# - **A way around.** Let a block of two convolutions *add* its output to its input, and the gradient has a way past it.
#   *Known:* without such shortcuts deeper networks get worse at some depth, even on the training set, so it is not
#   overfitting; with them, networks of more than a hundred layers train. *Try:* a chain of eight blocks of $3 \times 3$
#   convolutions with 16 filters, with and without the sum (its backward pass is one addition); compare the training
#   losses. K. He et al., "Deep residual learning for image recognition", CVPR 2016, section 4.2.
# - **No affine layer in the middle.** Replace the large affine layer by the mean of each map: with as many maps as
#   classes the means are the scores. *Known:* nearly all weights are gone, and with them much of the overfitting; and
#   each map then shows where its class was seen. *Try:* it is one line forward and one backward; draw the ten maps of a
#   few images, and compare them with "Where it looks". M. Lin, Q. Chen, S. Yan, "Network in network", ICLR 2014,
#   section 3.2.
# - **Lottery tickets.** Train a network, set the smallest weights to 0, put the others back to what they were *at the
#   very start*, and train again. *Known:* with most of the weights gone it learns about as well, or better, but only
#   from that start; drawn anew, it does not. *Try:* with `ThreeLayerConvNet` and 8000 images; multiply gradients by the
#   mask. How sparse may it get, and does a fresh draw really do worse? J. Frankle, M. Carbin, "The lottery ticket
#   hypothesis: finding sparse, trainable neural networks", ICLR 2019, section 2.
