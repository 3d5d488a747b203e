# %% [markdown]
# # Normalising images
#
# Normalisation made deep fully connected networks trainable. For convolutional networks the idea stays the
# same: subtract a mean, divide by a standard deviation, let the network scale and shift the result. Only one
# thing is to be decided anew: **which numbers share a mean?** Two answers, and you write both.
#
# | | what you do | where |
# |---|---|---|
# | 1 | choose who shares | here |
# | 2 | spatial batch normalisation, forward and backward | `spatial_batchnorm_…` in `nndl/conv_layers.py` |
# | 3 | spatial group normalisation, forward and backward | `spatial_groupnorm_…` |
# | 4 | compare them when batches are small | here, in code and in writing |

# %%
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np

from nndl.conv_layers import (
    spatial_batchnorm_backward,
    spatial_batchnorm_forward,
    spatial_groupnorm_backward,
    spatial_groupnorm_forward,
)
from nndl.layers import layernorm_forward
from utils.checks import check
from utils.data_utils import get_CIFAR10_data
from utils.experiments import run_each
from utils.fast_layers import conv_forward_fast
from utils.gradient_check import eval_numerical_gradient_array, rel_error
from utils.vis_utils import course_style

course_style()

# %% [markdown]
# ## 1. Who shares a mean?
#
# A minibatch of images is an array $(N, C, H, W)$. In the picture each square is one *map*: all $H \cdot W$
# pixels of one channel of one image. The thick lines enclose what is normalised together; one such set is
# filled.
#
# - **Batch**: one channel, all images and pixels. A channel is what *one* filter answers, wherever it looks.
# - **Layer**: one image, everything in it. What you did in HW4, with the whole image for a row.
# - **Group**: one image, a few neighbouring channels.
# - **Instance**: one image, one channel.

# %%
N, C = 4, 6
ways = {"batch": (N, 1), "layer": (1, C), "group (G = 3)": (1, 2), "instance (G = C)": (1, 1)}  # rows, columns of a set

fig, axes = plt.subplots(1, len(ways), figsize=(13, 3.2), layout="constrained")
for ax, (name, (rows, columns)) in zip(axes, ways.items(), strict=True):
    for row, column in np.ndindex(N, C):
        ax.add_patch(plt.Rectangle((column, row), 1, 1, facecolor="white", edgecolor="0.8"))
    ax.add_patch(plt.Rectangle((0, 0), columns, rows, facecolor="#56B4E9", hatch="//", edgecolor="white"))
    for row, column in np.ndindex(N // rows, C // columns):
        corner = (column * columns, row * rows)
        ax.add_patch(plt.Rectangle(corner, columns, rows, facecolor="none", edgecolor="#0072B2", linewidth=2.5))
    number = N // rows * (C // columns)
    ax.set(xlim=(-0.1, C + 0.1), ylim=(N + 0.1, -0.1), aspect="equal", title=name)
    ax.set(xlabel=f"channel\n{number} means, each of {rows * columns}·H·W numbers")
    ax.set_xticks(np.arange(C) + 0.5, range(C))
    ax.set_yticks(np.arange(N) + 0.5, range(N))
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
axes[0].set_ylabel("image")
plt.show()

# %% [markdown]
# **Question 1.** Batch normalisation of HW4 had a mean for each of $D$ features. An image has
# $D = C \cdot H \cdot W$ numbers, so we could flatten it and use that layer as it is. What speaks against it,
# if the image is the output of a convolution? Think of what a convolution does at different places, of how many
# numbers each mean would be made of, and of what would happen to an image that is shifted by one pixel.

# %% [markdown] written="why-share-over-pixels"
# ### BEGIN SOLUTION
# A convolution uses the same filter at every place, so the numbers of one channel mean the same everywhere:
# "this much of that edge, here". A mean, a $\gamma$ and a $\beta$ for each *place* would treat the same
# answer differently in different places and undo what the convolution is built on: if the image shifts, its map
# shifts, and with statistics per channel the normalised map just shifts along; with statistics per place it
# would change.
#
# It also is bad statistics. Per place, a mean is made of $N$ numbers (50, say), per channel of $N \cdot H \cdot
# W$ (50 · 1024), which is far less noisy, and there are $2C$ parameters instead of $2CHW$.
# ### END SOLUTION

# %% [markdown]
# ## 2. Spatial batch normalisation
#
# For each channel $c$, over all $m = N \cdot H \cdot W$ of its numbers:
#
# $$\mu_c = \frac1m \sum_{n,i,j} x_{ncij}, \qquad \sigma_c^2 = \frac1m \sum_{n,i,j} (x_{ncij} - \mu_c)^2, \qquad
# \text{out}_{ncij} = \gamma_c\, \frac{x_{ncij} - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}} + \beta_c .$$
#
# This is the batch normalisation you have: *of a table with $N \cdot H \cdot W$ rows and $C$ columns*. All that
# remains is to make that table, and to make an image of the result again.
#
# There is one trap, and it is deep. Here is an array with two channels; the hundreds say which channel a number
# belongs to. Each row of the table should hold the two channels of one pixel, such as `[3, 103]`. Does a
# reshape give that?

# %%
tiny = np.array([0, 100]).reshape(1, 2, 1, 1) + np.arange(6).reshape(1, 1, 2, 3)
print("channel 0\n", tiny[0, 0], "\nchannel 1\n", tiny[0, 1])
print("reshaped to six rows and two columns\n", tiny.reshape(6, 2))

# %% [markdown]
# It does not: memory is read row by row, one channel after the other. A layer that does this still returns
# something with mean 0 and variance 1, and its gradients agree with numeric ones. It merely mixes channels
# and pixels. Use the shape of your arrays *and* think about the order of their axes.
#
# ### Forward
#
# Write `spatial_batchnorm_forward`. First a look: three channels with very different means and spreads, before
# and after.

# %%
rng = np.random.default_rng(0)
means, spreads = np.array([10.0, -4.0, 0.5]), np.array([1.0, 5.0, 0.2])
x = means.reshape(3, 1, 1) + spreads.reshape(3, 1, 1) * rng.normal(size=(8, 3, 5, 4))


def look_at(title, images):
    """Print mean and standard deviation of each channel."""
    print(f"{title:<26} means {images.mean(axis=(0, 2, 3)).round(3)}  stds {images.std(axis=(0, 2, 3)).round(3)}")


look_at("before", x)
out, _ = spatial_batchnorm_forward(x, np.ones(3), np.zeros(3), {"mode": "train"})
look_at("after", out)
gamma, beta = np.array([3.0, 4.0, 5.0]), np.array([6.0, 7.0, 8.0])
out, _ = spatial_batchnorm_forward(x, gamma, beta, {"mode": "train"})
look_at("gamma 3 4 5, beta 6 7 8", out)

# %% [markdown]
# Means and deviations that look right are not a proof, as you have just seen. The check compares entry by entry.

# %% exercise="conv_layers.spatial_batchnorm_forward"
check(spatial_batchnorm_forward)

# %% [markdown]
# ### At test time
#
# Then the running statistics are used, one number per channel. Below, minibatches are fed in training mode; after
# every step a large fixed set of images is normalised in test mode. At the beginning the running mean is 0 and the
# running variance too, so early results are far off; they come nearer as the statistics do. How many steps does
# it take with momentum 0.9, and why?

# %%
rng = np.random.default_rng(1)
held_out = means.reshape(3, 1, 1) + spreads.reshape(3, 1, 1) * rng.normal(size=(200, 3, 5, 4))
bn_param = {"mode": "train", "momentum": 0.9}
test_means, test_stds = [], []
for _ in range(60):
    minibatch = means.reshape(3, 1, 1) + spreads.reshape(3, 1, 1) * rng.normal(size=(8, 3, 5, 4))
    spatial_batchnorm_forward(minibatch, np.ones(3), np.zeros(3), bn_param)
    at_test, _ = spatial_batchnorm_forward(held_out, np.ones(3), np.zeros(3), {**bn_param, "mode": "test"})
    test_means.append(at_test.mean(axis=(0, 2, 3)))
    test_stds.append(at_test.std(axis=(0, 2, 3)))

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
steps = np.arange(1, 61)
for channel in range(3):
    left.plot(steps, np.abs(test_means)[:, channel], label=f"channel {channel}")
    right.plot(steps, np.array(test_stds)[:, channel], label=f"channel {channel}")
left.set(yscale="log", xlabel="training steps", ylabel="distance of the mean from 0", title="Mean at test time")
right.axhline(1, color="0.4", linestyle=":", marker="", linewidth=1)
right.set(xlabel="training steps", ylabel="standard deviation", title="Standard deviation at test time")
right.legend()
plt.show()

# %% [markdown]
# ### Backward
#
# Gradients take the same way back: make the table, go through your batch normalisation, make images.

# %%
rng = np.random.default_rng(2)
x, gamma, beta = rng.normal(2, 3, size=(2, 3, 4, 5)), rng.normal(size=3), rng.normal(size=3)
dout = rng.normal(size=x.shape)


def compare(forward, backward):
    """Print how well the gradients in x, gamma and beta agree with numeric ones."""
    _, cache = forward()
    for name, argument, gradient in zip(("x", "gamma", "beta"), (x, gamma, beta), backward(dout, cache), strict=True):
        numeric = eval_numerical_gradient_array(lambda _: forward()[0], argument, dout)
        print(f"d{name}: shape {gradient.shape}, largest relative error {rel_error(gradient, numeric):.1e}")


compare(lambda: spatial_batchnorm_forward(x, gamma, beta, {"mode": "train"}), spatial_batchnorm_backward)

# %% exercise="conv_layers.spatial_batchnorm_backward"
check(spatial_batchnorm_backward)

# %% [markdown]
# ## 3. Group normalisation
#
# Batch normalisation makes an image depend on the company it is in. Layer normalisation does not, but it treats all
# channels alike, and in a convolutional network they are not: an edge detector and a colour detector have
# little in common. Group normalisation
# ([Wu and He, 2018](https://arxiv.org/abs/1803.08494)) is in between: cut the channels of an image into $G$ groups of
# $C/G$ neighbours, and normalise each group by itself. For group $g$ of image $n$,
#
# $$\mu_{ng} = \frac1m \sum_{c \in g} \sum_{i,j} x_{ncij}, \qquad
# \sigma_{ng}^2 = \frac1m \sum_{c \in g} \sum_{i,j} (x_{ncij} - \mu_{ng})^2, \qquad m = \frac{C}{G} H W .$$
#
# Scale and shift still belong to channels, $\gamma$ and $\beta$ of shape $(1, C, 1, 1)$, which broadcasts by
# itself. Neighbouring channels lie next to each other in memory, so this time a reshape *is* the right tool. Why?
#
# ### Forward

# %%
rng = np.random.default_rng(3)
x = 10 + 4 * rng.normal(size=(2, 6, 4, 5)) * np.arange(1, 7).reshape(6, 1, 1)
gamma, beta = np.ones((1, 6, 1, 1)), np.zeros((1, 6, 1, 1))


def look_at_groups(title, images, G):
    """Print mean and standard deviation of each group of each image."""
    groups = [group for image in images for group in np.split(image, G)]
    print(f"{title:<8} means {np.array([g.mean() for g in groups]).round(3)}")
    print(f"{'':<8} stds  {np.array([g.std() for g in groups]).round(3)}")


look_at_groups("before", x, G=3)
out, _ = spatial_groupnorm_forward(x, gamma, beta, 3, {})
look_at_groups("after", out, G=3)

# %% exercise="conv_layers.spatial_groupnorm_forward"
check(spatial_groupnorm_forward)

# %% [markdown]
# With a single group this is layer normalisation of the flattened image:

# %%
one_group, _ = spatial_groupnorm_forward(x, gamma, beta, 1, {})
flat, _ = layernorm_forward(x.reshape(len(x), -1), np.ones(x[0].size), np.zeros(x[0].size), {})
print(f"largest difference: {np.abs(one_group.reshape(flat.shape) - flat).max():.1e}")

# %% [markdown]
# ### Backward
#
# Inside of a group it is the backward pass of layer normalisation. For $\gamma$ and $\beta$, add up over whatever
# shares them; mind the shape they have.

# %%
rng = np.random.default_rng(4)
x, gamma, beta = rng.normal(2, 3, size=(2, 6, 4, 5)), rng.normal(size=(1, 6, 1, 1)), rng.normal(size=(1, 6, 1, 1))
dout = rng.normal(size=x.shape)
compare(lambda: spatial_groupnorm_forward(x, gamma, beta, 3, {}), spatial_groupnorm_backward)

# %% exercise="conv_layers.spatial_groupnorm_backward"
check(spatial_groupnorm_backward)

# %% [markdown]
# ## 4. The company an image is in
#
# Now real images, and a layer of eight random filters. What do the two normalisations make of the same maps? Above
# the answers of three filters to a few images as they come out of the convolution, below how all their numbers
# are spread, before and after.

# %%
data = get_CIFAR10_data(num_training=2000, num_validation=0, num_test=0)
rng = np.random.default_rng(5)
filters, biases = rng.normal(size=(8, 3, 5, 5)) / 5, 40 * rng.normal(size=8)
maps, _ = conv_forward_fast(data["X_train"][:500], filters, biases, {"stride": 1, "pad": 2})
per_channel, per_group = (8,), (1, 8, 1, 1)
normalised = {
    "before": maps,
    "batch norm": spatial_batchnorm_forward(maps, np.ones(8), np.zeros(8), {"mode": "train"})[0],
    "group norm, G = 2": spatial_groupnorm_forward(maps, np.ones(per_group), np.zeros(per_group), 2, {})[0],
}

fig, axes = plt.subplots(3, 6, figsize=(12, 5.6), layout="constrained")
for channel, row in enumerate(axes):
    limit = np.abs(maps[:6, channel]).max()
    for number, ax in enumerate(row):
        ax.imshow(maps[number, channel], cmap="PuOr_r", vmin=-limit, vmax=limit)
        ax.set(xticks=[], yticks=[])
        ax.set_xlabel(f"image {number}" if channel == 2 else "")
    row[0].set_ylabel(f"channel {channel}")
fig.suptitle("What three filters answer (white: 0)")

fig, axes = plt.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
for ax, (name, numbers) in zip(axes, normalised.items(), strict=True):
    limit = 4 if name != "before" else np.abs(numbers[:, :3]).max()
    for channel, (colour, line) in enumerate(zip(("#0072B2", "#D55E00", "#009E73"), ("-", "--", "-."), strict=True)):
        counts, edges = np.histogram(numbers[:, channel], bins=80, range=(-limit, limit), density=True)
        ax.stairs(counts, edges, color=colour, linestyle=line, linewidth=1.8, label=f"channel {channel}")
    ax.set(title=name, xlabel="activation")
axes[0].set_ylabel("density")
axes[0].legend()
plt.show()

# %% [markdown]
# And the experiment. One image is put into many random minibatches, and its normalised maps are recorded. If it
# were alone in the world they would always be the same. How much do they vary from batch to batch?


# %%
def sway(batch_size, normalise, repeats=40):
    """How much the normalised maps of image 0 vary with the company it is in: a standard deviation."""
    rng = np.random.default_rng(batch_size)
    seen = []
    for _ in range(repeats):
        company = rng.choice(np.arange(1, len(maps)), size=batch_size - 1, replace=False)
        seen.append(normalise(maps[[0, *company]])[0])
    return np.std(seen, axis=0).mean()


def both_sway(batch_size):
    """Of batch and of group normalisation."""
    ones, zeros = np.ones(8), np.zeros(8)
    return (
        sway(batch_size, lambda x: spatial_batchnorm_forward(x, ones, zeros, {"mode": "train"})[0]),
        sway(
            batch_size,
            lambda x: spatial_groupnorm_forward(x, ones.reshape(per_group), zeros.reshape(per_group), 2, {})[0],
        ),
    )


sways = run_each(both_sway, (2, 4, 8, 16, 32, 64, 128), title="batch sizes")
batch_sway, group_sway = zip(*sways.values(), strict=True)

fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.plot(list(sways), batch_sway, markevery=1, label="batch norm")
ax.plot(list(sways), group_sway, markevery=1, label="group norm")
ax.set_xscale("log", base=2)
ax.set_xticks(list(sways), [str(size) for size in sways])
ax.set(xlabel="images in the batch", ylabel="standard deviation", title="How much an image depends on its company")
ax.legend()
plt.show()

# %% [markdown]
# **Question 2.** (a) Describe the two curves, and say where each comes from. (b) You train on images so large
# that only two fit into memory at a time. Which normalisation, and why? What would go wrong at test time with
# the other one? (c) Group normalisation has no running statistics and no modes. Why does it not need them?

# %% [markdown] written="which-norm-when"
# ### BEGIN SOLUTION
# (a) Group normalisation: exactly 0, because only numbers of the image itself enter. Batch normalisation: large for
# small batches, and from a handful of images on it falls roughly with $1/\sqrt{N}$. The mean and variance of a channel
# are averages over the batch, and pixels of one image are alike, so it is the number of *images* that makes an average
# steady, in spite of the 1024 pixels each of them has.
#
# (b) Group normalisation. With two images, batch normalisation adds a lot of noise: half of each statistic is the
# other image. At test time the running statistics, averages of many batches, would be used instead: numbers which
# no single training batch was normalised with, so that the network meets a distribution it was not trained on.
#
# (c) An image is normalised by its own statistics, which are there at test time as they are in training. Running
# statistics stand in for a batch that is not there at test time; here nothing is missing.
# ### END SOLUTION

# %% [markdown]
# Convolution, pooling, normalisation: in the next notebook they become a network.
