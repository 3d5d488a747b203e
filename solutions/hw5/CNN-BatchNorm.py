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
# | 4 | why groups? two experiments | here |
# | 5 | compare the two when batches are small | here, in code and in writing |
# | 6 | further: ideas to try, ungraded | here |

# %% folded="Set-up: run this cell first"
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cbook import get_sample_data

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
#
# ![Four tables of 4 images (rows) by 6 channels (columns); thick lines enclose the maps that share a mean. Batch:
# each column, 6 means. Layer: each row, 4 means. Group with G = 3: pairs of neighbouring channels in a row, 12 means.
# Instance: every map by itself, 24 means.](who-shares.svg)

# %% picture="who-shares"
import matplotlib.pyplot as plt
import numpy as np

from utils.vis_utils import course_style

course_style()
plt.rcParams["font.size"] = 10  # much text in little space
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
# W$ (50 · 1024 for CIFAR-10's images), which is far less noisy, and there are $2C$ parameters instead of $2CHW$.
# ### END SOLUTION

# %% numbers="why-share-over-pixels-numbers"
32 * 32  # shown: 1024

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
# ### Spatial batch norm, forward
#
# Write `spatial_batchnorm_forward`. First a look: three channels with very different means and spreads, before
# and after.

# %% folded="Three channels, and look_at: their means and standard deviations"
rng = np.random.default_rng(0)
means, spreads = np.array([10.0, -4.0, 0.5]), np.array([1.0, 5.0, 0.2])
x = means.reshape(3, 1, 1) + spreads.reshape(3, 1, 1) * rng.normal(size=(8, 3, 5, 4))


def look_at(title, images):
    """Print mean and standard deviation of each channel."""
    print(f"{title:<26} means {images.mean(axis=(0, 2, 3)).round(3)}  stds {images.std(axis=(0, 2, 3)).round(3)}")


# %%
look_at("before", x)
out, _ = spatial_batchnorm_forward(x, np.ones(3), np.zeros(3), {"mode": "train"})
look_at("after", out)
gamma, beta = np.array([3.0, 4.0, 5.0]), np.array([6.0, 7.0, 8.0])
out, _ = spatial_batchnorm_forward(x, gamma, beta, {"mode": "train"})
look_at("gamma 3 4 5, beta 6 7 8", out)

# %% [markdown]
# And numbers from elsewhere: UCLA's ECE C147 and Stanford's CS231n draw their images with seed 231 and print these. The
# standard deviations after it are not quite $\gamma$: $\varepsilon$ is in them.


# %% folded="The known means and standard deviations beside yours"
def beside(name, yours, known):
    """Print two rows of numbers, yours and the known ones, and the largest difference."""
    print(f"{name:<16} yours {np.array2string(yours, precision=8)}")
    print(f"{'':<16} known {np.array2string(known, precision=8)}   difference {np.abs(yours - known).max():.1e}")


draw = np.random.RandomState(231)
x = 4 * draw.randn(2, 3, 4, 5) + 10
beside("means before", x.mean(axis=(0, 2, 3)), np.array([9.33463814, 8.90909116, 9.11056338]))
out, _ = spatial_batchnorm_forward(x, np.array([3.0, 4.0, 5.0]), np.array([6.0, 7.0, 8.0]), {"mode": "train"})
known_stds = np.array([2.99999885, 3.99999804, 4.99999798])
beside("means after", out.mean(axis=(0, 2, 3)), np.array([6.0, 7.0, 8.0]))
beside("stds after", out.std(axis=(0, 2, 3)), known_stds)

# %% numbers="known-batch-norm"
np.abs(out.std(axis=(0, 2, 3)) - known_stds).max()  # shown: < 6e-9
np.abs(out.mean(axis=(0, 2, 3)) - np.array([6, 7, 8])).max()  # shown: < 1e-12

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
# it take with momentum 0.9, and why? (After $t$ steps, $0.9^t$ of the start is left: a hundredth after 44.)

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

# %% folded="Draw mean and standard deviation at test time"
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

# %% numbers="forgetting"
np.log(0.01) / np.log(0.9)  # shown: 44

# %% [markdown]
# Known numbers again: fifty minibatches fill the running statistics, with momentum 0.9; the next one is normalised with
# them.

# %% folded="The known means and standard deviations at test time beside yours"
draw = np.random.RandomState(231)
bn_param = {"mode": "train"}
for _ in range(50):
    spatial_batchnorm_forward(2.3 * draw.randn(10, 4, 11, 12) + 13, np.ones(4), np.zeros(4), bn_param)
last = 2.3 * draw.randn(10, 4, 11, 12) + 13
at_test, _ = spatial_batchnorm_forward(last, np.ones(4), np.zeros(4), {**bn_param, "mode": "test"})
known_means = np.array([-0.08034406, 0.07562881, 0.05716371, 0.04378383])
known_stds = np.array([0.96718744, 1.0299714, 1.02887624, 1.00585577])
beside("means", at_test.mean(axis=(0, 2, 3)), known_means)
beside("stds", at_test.std(axis=(0, 2, 3)), known_stds)

# %% numbers="known-test-time"
np.abs(at_test.mean(axis=(0, 2, 3)) - known_means).max()  # shown: < 6e-9
np.abs(at_test.std(axis=(0, 2, 3)) - known_stds).max()  # shown: < 6e-9

# %% [markdown]
# ### Spatial batch norm, backward
#
# Gradients take the same way back: make the table, go through your batch normalisation, make images.

# %% folded="compare: gradients against numeric ones"
rng = np.random.default_rng(2)
x, gamma, beta = rng.normal(2, 3, size=(2, 3, 4, 5)), rng.normal(size=3), rng.normal(size=3)
dout = rng.normal(size=x.shape)


def compare(forward, backward):
    """Print how well the gradients in x, gamma and beta agree with numeric ones."""
    _, cache = forward()
    for name, argument, gradient in zip(("x", "gamma", "beta"), (x, gamma, beta), backward(dout, cache), strict=True):
        numeric = eval_numerical_gradient_array(lambda _: forward()[0], argument, dout)
        print(f"d{name}: shape {gradient.shape}, largest relative error {rel_error(gradient, numeric):.1e}")


# %%
compare(lambda: spatial_batchnorm_forward(x, gamma, beta, {"mode": "train"}), spatial_batchnorm_backward)

# %% exercise="conv_layers.spatial_batchnorm_backward"
check(spatial_batchnorm_backward)

# %% [markdown]
# ## 3. Group normalisation
#
# Batch normalisation makes an image depend on the company it is in. Layer normalisation does not, but it treats all
# channels alike, and in a convolutional network they are not: an edge detector and a colour detector have
# little in common (section 4 measures it). Group normalisation
# ([Wu and He, 2018](https://arxiv.org/abs/1803.08494)) is in between: cut the channels of an image into $G$ groups of
# $C/G$ neighbours, and normalise each group by itself. For group $g$ of image $n$,
#
# $$\mu_{ng} = \frac1m \sum_{c \in g} \sum_{i,j} x_{ncij}, \qquad
# \sigma_{ng}^2 = \frac1m \sum_{c \in g} \sum_{i,j} (x_{ncij} - \mu_{ng})^2, \qquad m = \frac{C}{G} H W .$$
#
# Scale and shift still belong to channels, $\gamma$ and $\beta$ of shape $(1, C, 1, 1)$, which broadcasts by
# itself. Neighbouring channels lie next to each other in memory, so this time a reshape *is* the right tool. Why?
#
# ### Group norm, forward

# %% folded="Six channels, and look_at_groups: means and standard deviations"
rng = np.random.default_rng(3)
x = 10 + 4 * rng.normal(size=(2, 6, 4, 5)) * np.arange(1, 7).reshape(6, 1, 1)
gamma, beta = np.ones((1, 6, 1, 1)), np.zeros((1, 6, 1, 1))


def look_at_groups(title, images, G):
    """Print mean and standard deviation of each group of each image."""
    groups = [group for image in images for group in np.split(image, G)]
    print(f"{title:<8} means {np.array([g.mean() for g in groups]).round(3)}")
    print(f"{'':<8} stds  {np.array([g.std() for g in groups]).round(3)}")


# %%
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
# ### Group norm, backward
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
# ## 4. Why groups?
#
# ### Layer normalisation, and who contributes what
#
# A fully connected layer has no borders, and each of its units sees all of the input: they contribute in much the
# same way, and a mean over all of them says something about each. In a convolutional layer that is not so. A unit whose
# window lies at the border sees padding, in a deeper layer mostly what came of padding; it has less to add up and is
# rarely active. Its statistics are not those of the others, but it is normalised with theirs. That is the reason
# [Ba et al. (2016)](https://arxiv.org/abs/1607.06450), section 6.7, give for layer normalisation being weak in
# convolutional networks, weaker than batch normalisation.
#
# Two layers of random filters show it, with layer normalisation after each (that is `spatial_groupnorm_forward` with
# one group). Call a unit active if it is more than one standard deviation above the mean of its layer.

# %%
data = get_CIFAR10_data(num_training=2000, num_validation=0, num_test=0)
rng = np.random.default_rng(4)


def normalised_layer(x, number, size):
    """The answers of random filters, with layer normalisation."""
    w = rng.normal(size=(number, x.shape[1], size, size))
    maps, _ = conv_forward_fast(x, w, np.zeros(number), {"stride": 1, "pad": size // 2})
    ones = np.ones((1, number, 1, 1))
    return spatial_groupnorm_forward(maps, ones, 0 * ones, 1, {})[0]


first_layer = normalised_layer(data["X_train"][:500], 16, 5)
second_layer = normalised_layer(np.maximum(0, first_layer), 32, 5)
active = {"first layer": first_layer > 1, "second layer": second_layer > 1}
active = {name: units.mean(axis=(0, 1)) for name, units in active.items()}
by_channel = np.sort((second_layer > 1).mean(axis=(0, 2, 3)))

# %% folded="Draw which units are active"
fig, axes = plt.subplots(1, 3, figsize=(13, 3.6), layout="constrained")
for ax, (name, share) in zip(axes[:2], active.items(), strict=True):
    drawn = ax.imshow(share, cmap="cividis", vmin=0, vmax=0.2)
    ax.set(title=f"{name}: each place", xlabel="column", ylabel="row")
    ax.grid(visible=False)
fig.colorbar(drawn, ax=axes[:2], label="share of active units")
axes[2].bar(range(len(by_channel)), by_channel, color="#0072B2")
axes[2].set(title="second layer: each channel, sorted", xlabel="channel", ylabel="share of active units")
plt.show()

# %% [markdown]
# In the corners of the second layer hardly anything is active, and that is not all: some *channels* hardly ever are,
# wherever they look, and others nearly half of the time, because a filter adds up what comes out of a ReLU, which is
# never negative. One mean for all of them is right for none.
#
# (Group normalisation shares over the border, too, as batch normalisation does. What it changes is which *channels* are
# thrown together.)

# %% numbers="who-contributes"
place = active["second layer"]
np.mean([place[0, 0], place[0, -1], place[-1, 0], place[-1, -1]])  # shown: < 0.05
place[8:24, 8:24].mean()  # shown: > 0.1
by_channel[:4].max()  # shown: < 0.05
by_channel[-1]  # shown: 0.45 ± 0.15

# %% [markdown]
# ### What belongs together
#
# Long before networks, people described images by *histograms of oriented gradients* (HOG): in each small region, how
# much edge there is in each direction. The numbers of all directions were then normalised *together*. So contrast is
# divided out, which says little about a thing, and what is left is how the directions compare, which says much.
# Dividing each direction by its own size would throw that away. Wu and He (2018, section 3) take this for their
# model: channels of a network come in families, too, such as edge filters of all directions, and each family may be
# normalised by itself.
#
# Here are two families, made by hand: edges in four directions, and four tones (gray, red, green, blue). The image is a
# piece of the photograph of the last notebook, a golden cord that hangs straight down. How large does the standard
# deviation of each channel come out, in one group, in two, and with each channel by itself?

# %%
with get_sample_data("grace_hopper.jpg") as file:
    cord = plt.imread(file)[50:150, 125:165]
brightness = np.array([0.299, 0.587, 0.114]).reshape(3, 1, 1)
right_minus_left = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
upper_right_minus_lower_left = np.array([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]) / 8
centre = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
families = {
    "|": brightness * right_minus_left,
    "\\": brightness * upper_right_minus_lower_left,
    "/": brightness * upper_right_minus_lower_left[::-1],
    "–": brightness * right_minus_left.T,
    "gray": brightness * centre,
    **{name: np.eye(3)[c].reshape(3, 1, 1) * centre for c, name in enumerate("RGB")},
}
weights = np.stack(list(families.values()))


def spreads_by_groups(image):
    """Standard deviation of each channel, as it comes out of the filters and normalised in 1, 2 and 8 groups."""
    x, _ = conv_forward_fast(image.transpose(2, 0, 1)[None] / 255, weights, np.zeros(8), {"stride": 1, "pad": 0})
    ones = np.ones((1, 8, 1, 1))
    shown = {"not normalised": x}
    for G, name in ((1, "one group (layer)"), (2, "two groups"), (8, "eight groups (instance)")):
        shown[name] = spatial_groupnorm_forward(x, ones, 0 * ones, G, {})[0]
    return {name: channels.std(axis=(0, 2, 3)) for name, channels in shown.items()}


in_full_light, in_dim_light = spreads_by_groups(cord), spreads_by_groups(cord / 4)

# %% folded="Draw the spread of each channel"
fig, axes = plt.subplots(1, 5, figsize=(14, 3.6), layout="constrained", width_ratios=(1, 2, 2, 2, 2))
axes[0].imshow(cord)
axes[0].set_axis_off()
for ax, (name, spread) in zip(axes[1:], in_full_light.items(), strict=True):
    ax.bar(range(4), spread[:4], color="#D55E00", hatch="//", edgecolor="white", label="edges")
    ax.bar(range(4, 8), spread[4:], color="#0072B2", label="tones")
    ax.plot(range(8), in_dim_light[name], "D", markevery=1, color="0.5", label="a quarter of the light")
    ax.set(title=name)
    ax.set_xticks(range(8), families)
axes[1].set_ylabel("standard deviation")
fig.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% [markdown]
# The cord has three times as much edge in the direction | as in –. In *one* group the tones, which are spread more
# widely, set the scale, and the edges come out small. In *eight* groups every channel comes out as 1: which direction
# the cord has can no longer be read off. In *two* groups edges are as large as tones, the directions keep their
# proportions, and a quarter of the light changes nothing (but for $\varepsilon$). Nobody sorts the channels of a
# network in this way; but as each group shares its statistics from the first step on, a network can learn to put
# together what belongs together.

# %% numbers="families"
raw, one, two, eight = in_full_light.values()
raw[0] / raw[3]  # shown: 3.2 ± 0.3
one[:4].max()  # shown: < 0.5
one[4:].mean()  # shown: > 1
two[0] / two[3] - raw[0] / raw[3]  # shown: < 1e-9
two[:4].mean() / two[4:].mean()  # shown: 1.0 ± 0.1
np.abs(eight - 1).max()  # shown: < 0.02
np.abs(in_dim_light["two groups"] / two - 1).max()  # shown: < 0.03

# %% [markdown]
# ## 5. The company an image is in
#
# Now a layer of eight random filters. What do batch and group normalisation make of the same maps? Above
# the answers of three filters to a few images as they come out of the convolution, below how all their numbers
# are spread, before and after.

# %%
rng = np.random.default_rng(5)
filters, biases = rng.normal(size=(8, 3, 5, 5)) / 5, 40 * rng.normal(size=8)
maps, _ = conv_forward_fast(data["X_train"][:500], filters, biases, {"stride": 1, "pad": 2})
per_channel, per_group = (8,), (1, 8, 1, 1)
normalised = {
    "before": maps,
    "batch norm": spatial_batchnorm_forward(maps, np.ones(8), np.zeros(8), {"mode": "train"})[0],
    "group norm, G = 2": spatial_groupnorm_forward(maps, np.ones(per_group), np.zeros(per_group), 2, {})[0],
}

# %% folded="Draw what three filters answer, and their histograms"
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

# %% folded="Draw how much an image depends on its company"
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
# (a) Group normalisation: 0 (up to rounding), because only numbers of the image itself enter. Batch
# normalisation: large for small batches, and from a handful of images on it falls roughly with $1/\sqrt{N}$. The mean
# and variance of a channel are averages over the batch, and pixels of one image are alike, so it is the number of
# *images* that makes an average steady, in spite of the 1024 pixels each of them has.
#
# (b) Group normalisation. With two images, batch normalisation adds a lot of noise: half of each statistic is the
# other image. At test time the running statistics, averages of many batches, would be used instead: numbers which
# no single training batch was normalised with, so that the network meets a distribution it was not trained on.
#
# (c) An image is normalised by its own statistics, which are there at test time as they are in training. Running
# statistics stand in for a batch that is not there at test time; here nothing is missing.
# ### END SOLUTION

# %% numbers="which-norm-when-numbers"
max(group_sway)  # shown: < 1e-12
np.polyfit(np.log([8, 16, 32, 64, 128]), np.log(batch_sway[2:]), 1)[0]  # shown: -0.5 ± 0.1

# %% [markdown]
# Convolution, pooling, normalisation: in the next notebook they become a network.
#
# ## 6. Further
#
# Nothing here is graded.
#
# - **Start with $\gamma = 0$.** Let a block add to its input what its layers compute, and end these with batch
#   normalisation. With $\gamma = 0$ in that last normalisation the block is the identity at first, and a deep network
#   starts as a shallow one. *Known:* it makes large-scale training easier at the start and the result a little better.
#   *Try:* does a $\gamma$ of 0 get a gradient? Do $\beta$ and the layers before it, in the first step? P. Goyal et al.,
#   "Accurate, large minibatch SGD: training ImageNet in 1 hour", arXiv:1706.02677 (2017), section 5.1.
# - **Normalise the weights, too.** Bring the weights of every filter to mean 0 and variance 1 before the convolution,
#   and use group normalisation after it. *Known:* with one or two images in a batch this matches or beats batch
#   normalisation with large batches. *Try:* its backward pass is that of a layer normalisation, which you have. S. Qiao
#   et al., "Micro-batch training with batch-channel normalization and weight standardization", arXiv:1903.10520 (2019),
#   section 2.
# - **Better running statistics.** A running mean remembers batches that were normalised with weights which no longer
#   exist. *Known:* to run some thousand images through the finished network, and to take plain averages over them, is
#   more accurate, most of all after few steps or with a large momentum. *Try:* compare the two in the experiment "at
#   test time" above. Y. Wu, J. Johnson, "Rethinking 'Batch' in BatchNorm", arXiv:2105.07576 (2021), section 3.
