# %% [markdown]
# # Layers that know what an image is
#
# A fully connected layer does not know that two pixels are neighbours: shuffle the pixels of all images in
# the same way, and it learns just as well. The layers of this notebook do know. A **convolution** looks at
# small windows, with the same weights everywhere; **max pooling** keeps what was strongest nearby. You write
# both as plain loops, slowly and legibly, and then meet the fast ones that do the same.
#
# | | what you do | where |
# |---|---|---|
# | 1 | convolution, forward | `conv_forward_naive` in `nndl/conv_layers.py` |
# | 2 | use it on photographs, with filters made by hand | here |
# | 3 | convolution, backward | `conv_backward_naive` |
# | 4 | max pooling, forward and backward | `max_pool_forward_naive`, `max_pool_backward_naive` |
# | 5 | the fast layers: the same numbers, how much sooner? | here |
# | 6 | sandwiches | read `nndl/conv_layer_utils.py` |
# | 7 | further: ideas to try, ungraded | here |
#
# Copy your `nndl` files of the last assignments into this folder's `nndl`. The cell below the set-up says whether
# they have arrived in one piece.

# %% folded="Set-up: run this cell first"
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np

from nndl import conv_layers
from nndl.conv_layer_utils import (
    conv_relu_backward,
    conv_relu_forward,
    conv_relu_pool_backward,
    conv_relu_pool_forward,
)
from nndl.conv_layers import (
    conv_backward_naive,
    conv_forward_naive,
    max_pool_backward_naive,
    max_pool_forward_naive,
)
from nndl.layer_tests import affine_relu_test, fc_net_test
from utils.checks import check
from utils.convolution_drawing import cell_grid, show_windows
from utils.experiments import run_each
from utils.explorers import ConvolutionExplorer
from utils.fast_layers import (
    BACKEND,
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
)
from utils.gradient_check import eval_numerical_gradient_array, rel_error
from utils.photographs import load_photograph
from utils.vis_utils import course_style

course_style()

# %%
affine_relu_test()
fc_net_test()

# %% [markdown]
# ## 1. Convolution, forward
#
# A minibatch of images is an array $x$ of shape $(N, C, H, W)$: images, channels, rows, columns. The layer
# has $F$ filters of shape $(C, HH, WW)$ and $F$ biases. A filter is laid on a window of the image, *through
# all channels at once*; the products of what lies on each other are summed up, the bias is added, and that is
# **one** number of the output. Then it moves on by `stride` pixels:
#
# $$\text{out}_{n,f,i,j} = b_f + \sum_{c,p,q} w_{f,c,p,q}\;
# \tilde x_{n,\,c,\;i \cdot \text{stride} + p,\;j \cdot \text{stride} + q} ,$$
#
# where $\tilde x$ is $x$ with `pad` rows and columns of zeros around each image. Positions where the filter
# would stick out are left out, so the output has
#
# $$H' = 1 + \left\lfloor \frac{H + 2\,\text{pad} - HH}{\text{stride}} \right\rfloor \text{ rows}, \qquad
# W' = 1 + \left\lfloor \frac{W + 2\,\text{pad} - WW}{\text{stride}} \right\rfloor \text{ columns}.$$
#
# Below: an image of $4 \times 5$ pixels with `pad` 1, a $3 \times 3$ filter, `stride` 2. Each window has the
# colour of the output it becomes. Which squares are in no window? Then draw others: change the numbers in the next
# cell.
#
# ![A padded image of 6 by 7 squares, x inside and 0 around it, with six overlapping windows of 3 by 3 squares in
# different colours, two squares apart; beside it the output of 2 by 3 squares in the same colours.](windows.svg)

# %%
show_windows(height=4, width=5, size=3, stride=2, pad=1)
plt.show()

# %% picture="windows"
from utils.convolution_drawing import show_windows
from utils.vis_utils import course_style

course_style()
show_windows(height=4, width=5, size=3, stride=2, pad=1)

# %% [markdown]
# Now write `conv_forward_naive`. Loops are welcome here; what one pass of the innermost loop does is the
# formula above. First an example that can be done in the head. The image is a ramp, $0, 1, 2, \dots$, four
# pixels wide, so one step down is worth 4 and one step to the right is worth 1. The first filter computes
# *here minus one down and one to the right*, the second the mean of four neighbours, plus a bias of 100.

# %%
ramp = np.arange(12.0).reshape(1, 1, 3, 4)
w = np.array([[[[1, 0], [0, -1]]], [[[0.25, 0.25], [0.25, 0.25]]]])
b = np.array([0.0, 100.0])

print("the ramp\n", ramp[0, 0])
out, _ = conv_forward_naive(ramp, w, b, {"stride": 1, "pad": 0})
print("here minus diagonal neighbour (-5 everywhere)\n", out[0, 0])
print("100 + mean of four (102.5 at the top left, 108.5 at the bottom right)\n", out[0, 1])

# %% [markdown]
# And numbers from elsewhere. UCLA's ECE C147 and Stanford's CS231n give these inputs to their students, and print what
# should come out. Yours on the left, theirs on the right; they are rounded to eight decimals, so a relative error of a
# few $10^{-8}$ is all there should be.

# %% folded="The known outputs of a convolution beside yours"
known_convolution = np.array([
    [-0.08759809, -0.10987781, -0.18387192, -0.21092160],
    [+0.21027089, +0.21661097, +0.22847626, +0.23004637],
    [+0.50813986, +0.54309974, +0.64082444, +0.67101435],
    [-0.98053589, -1.03143541, -1.19128892, -1.24695841],
    [+0.69108355, +0.66880383, +0.59480972, +0.56776003],
    [+2.36270298, +2.36904306, +2.38090835, +2.38247847],
]).reshape(2, 3, 2, 2)  # fmt: skip


def spaced(start, end, *shape):
    """Numbers at equal distances, in this shape."""
    return np.linspace(start, end, np.prod(shape)).reshape(shape)


def beside(yours, known):
    """Print each map of an output, yours and the known one, and the largest relative error."""
    for n, c in np.ndindex(yours.shape[:2]):
        numbers = "   |   ".join("  ".join(f"{v:11.8f}" for v in maps[n, c].ravel()) for maps in (yours, known))
        print(f"image {n}, map {c}: {numbers}")
    print(f"largest relative error {rel_error(yours, known):.1e}")


x, w, b = spaced(-0.1, 0.5, 2, 3, 4, 4), spaced(-0.2, 0.3, 3, 3, 4, 4), np.linspace(-0.1, 0.2, 3)
out, _ = conv_forward_naive(x, w, b, {"stride": 2, "pad": 1})
beside(out, known_convolution)

# %% numbers="known-convolution"
rel_error(out, known_convolution)  # shown: < 5e-8

# %% exercise="conv_layers.conv_forward_naive"
check(conv_forward_naive)

# %% [markdown]
# ## 2. An aside: filters made by hand
#
# Long before anybody learned filters, people designed them. Your layer can do what image programs do; it only
# needs the right weights. The material: two details of a real photograph, the official portrait of Commodore, later
# Rear Admiral, Grace Hopper, whose A-0 of 1952 was one of the first compilers (US Navy, 1984, public domain; it comes
# with matplotlib).

# %%
photograph = load_photograph("grace_hopper")
face = photograph[110:350, 160:380]
flag = photograph[30:270, 0:220]
photographs = np.stack([face, flag]).transpose(0, 3, 1, 2) / 255  # (N, H, W, C) to (N, C, H, W), values 0..1
print("the whole photograph:", photograph.shape, "  the minibatch:", photographs.shape)

# %% [markdown]
# Four filters, $3 \times 3$ pixels, each with three channels: red, green, blue. `brightness` weighs the
# channels by how bright they look to people. Times a pattern of signs, that gives filters for edges:
# bright below minus bright above, and bright right minus bright left (the patterns are Sobel's). The last
# filter does not compare places but colours.
#
# The pictures in orange and purple are 0 where they are white. Add a filter of your own!

# %%
brightness = np.array([0.299, 0.587, 0.114]).reshape(3, 1, 1)
centre = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
below_minus_above = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])

filters = {
    "gray scale": brightness * centre,
    "below − above": brightness * below_minus_above,
    "right − left": brightness * below_minus_above.T,
    "red − blue": np.array([1, 0, -1]).reshape(3, 1, 1) * centre,
}
w = np.stack(list(filters.values()))
responses, _ = conv_forward_naive(photographs, w, np.zeros(len(w)), {"stride": 1, "pad": 1})

# %% folded="Draw what each filter answers"
fig, axes = plt.subplots(2, 1 + len(filters), figsize=(13, 6), layout="constrained")
for row, (original, maps) in zip(axes, zip(photographs, responses, strict=True), strict=True):
    row[0].imshow(original.transpose(1, 2, 0))
    for ax, name, response in zip(row[1:], filters, maps, strict=True):
        if name == "gray scale":
            ax.imshow(response, vmin=0, vmax=1)
        else:
            limit = np.abs(response[1:-1, 1:-1]).max()
            ax.imshow(response, cmap="PuOr_r", vmin=-limit, vmax=limit)
    for ax in row:
        ax.set_axis_off()
for ax, name in zip(axes[0], ("photograph", *filters), strict=True):
    ax.set_title(name)
plt.show()

# %% [markdown]
# **Question 1.** (a) The plain blue background beside the face gives white in the two edge pictures, but not in the
# last one. Which property of a filter decides whether it answers 0 to a surface of *any* one colour? (b) Look very
# closely at the outermost pixels of the edge pictures, or print `responses[0, 2, 120, -3:]`. Where does this
# frame come from? (c) Grass of equal brightness next to a red wall: which of the four filters sees that
# border?

# %% [markdown] written="filters-by-hand"
# ### BEGIN SOLUTION
# (a) On a surface of one colour every pixel of a window is the same, so the answer is
# $\sum_c \text{colour}_c \sum_{p,q} w_{c,p,q}$. It is 0 for any colour exactly if the weights of *each
# channel* sum to 0. They do in the two edge filters. In the last one, only the sum over all channels is 0: it
# does not answer to gray, but to red and blue it does.
#
# (b) From the padding. Outside of the image there are zeros, which is black, so at the rim the filter sees an
# edge between the image and a black frame that nobody photographed. (Where the image itself is dark, the frame
# is faint.)
#
# (c) Only "red − blue". The gray scale and with it both edge filters are built on brightness, which is the
# same on both sides. A network that learns its filters can find such colour edges by itself, and does.
# ### END SOLUTION

# %% numbers="filters-by-hand-numbers"
sums_of_channels = np.stack(list(filters.values())).sum(axis=(2, 3))
np.abs(sums_of_channels[1:3]).max()  # shown: < 1e-12
np.abs(sums_of_channels[3]).max()  # shown: 1
sums_of_channels[3].sum()  # shown: 0
rim = responses[0, 2, 120, -3:]  # blue background up to the rim, and black behind it
np.abs(rim[:2]).max()  # shown: < 0.3
-rim[2]  # shown: > 1.5
background = responses[0, :, 5:15, -6:-2].mean(axis=(1, 2))
np.abs(background[1:3]).max()  # shown: < 0.1
-background[3]  # shown: > 0.2

# %% [markdown]
# ## 3. Convolution, backward
#
# Take a single output, $\text{out}_{n,f,i,j}$. It is a sum of products of one window with one filter, and the
# derivative of a product is the other factor. So when $g = \partial L / \partial\, \text{out}_{n,f,i,j}$
# arrives,
#
# - the filter $w_f$ gets $g \cdot \text{window}$,
# - the window gets $g \cdot w_f$,
# - the bias $b_f$ gets $g$.
#
# Every filter serves many windows, and where windows overlap a pixel serves many of them. You know what to do
# with gradients that meet: **add**. The rest is bookkeeping: collect the gradient of the *padded* image, then
# cut the padding off (also when `pad` is 0).
#
# Write `conv_backward_naive`. Numeric gradients first, on images that are not square, with windows that overlap
# and leave a rest: errors below $10^{-7}$ are right.

# %% folded="look_at: gradients of a layer against numeric ones"
rng = np.random.default_rng(0)
x, w, b = rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)


def look_at(forward, backward, arguments, dout):
    """Print how well the gradients of a layer agree with numeric ones."""
    _, cache = forward()
    gradients = backward(dout, cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    for (name, argument), gradient in zip(arguments.items(), gradients, strict=True):
        numeric = eval_numerical_gradient_array(lambda _: forward()[0], argument, dout)
        print(f"    d{name}: shape {gradient.shape}, largest relative error {rel_error(gradient, numeric):.1e}")


# %%
for conv_param in ({"stride": 1, "pad": 1}, {"stride": 2, "pad": 0}):
    print(conv_param)
    out_shape = conv_forward_naive(x, w, b, conv_param)[0].shape
    look_at(
        lambda conv_param=conv_param: conv_forward_naive(x, w, b, conv_param),
        conv_backward_naive,
        {"x": x, "w": w, "b": b},
        rng.normal(size=out_shape),
    )

# %% numbers="gradient-errors"
dout = rng.normal(size=out_shape)
gradients = conv_backward_naive(dout, conv_forward_naive(x, w, b, conv_param)[1])
numeric = [
    eval_numerical_gradient_array(lambda _: conv_forward_naive(x, w, b, conv_param)[0], argument, dout)
    for argument in (x, w, b)
]
max(rel_error(*pair) for pair in zip(gradients, numeric, strict=True))  # shown: < 1e-7

# %% exercise="conv_layers.conv_backward_naive"
check(conv_backward_naive)

# %% [markdown]
# ### Who is looking at a pixel?
#
# If all weights and all upstream gradients are 1, then `dx` *counts*: in how many windows does a pixel lie?
# Four settings, drawn with your function.

# %%
settings = {
    "3×3, stride 1, pad 0": (3, {"stride": 1, "pad": 0}),
    "3×3, stride 1, pad 1": (3, {"stride": 1, "pad": 1}),
    "3×3, stride 2, pad 0": (3, {"stride": 2, "pad": 0}),
    "2×2, stride 3, pad 0": (2, {"stride": 3, "pad": 0}),
}

# %% folded="Count the windows with your own backward pass, and draw the counts"
counts = []
fig, axes = plt.subplots(1, len(settings), figsize=(13, 3.4), layout="constrained")
for ax, (title, (size, conv_param)) in zip(axes, settings.items(), strict=True):
    image, ones = np.zeros((1, 1, 7, 8)), np.ones((1, 1, size, size))
    out, cache = conv_forward_naive(image, ones, np.zeros(1), conv_param)
    count = conv_backward_naive(np.ones_like(out), cache)[0][0, 0]
    counts.append(count)
    shown = ax.imshow(count, cmap="cividis", vmin=0, vmax=9)
    for (row, column), value in np.ndenumerate(count):
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", color="black" if value > 4 else "white")
    ax.set(title=title, xlabel="column")
    ax.grid(visible=False)
axes[0].set_ylabel("row")
fig.colorbar(shown, ax=axes, label="windows that hold the pixel")
plt.show()

# %% [markdown]
# **Question 2.** (a) What does padding do for the pixels at the rim? (b) The third picture is checkered though every
# pixel of the image is as good as any other. Where does the pattern come from, and for which sizes and strides does it
# disappear inside? (c) What would a network never learn about images in the fourth setting?

# %% [markdown] written="who-looks-at-a-pixel"
# ### BEGIN SOLUTION
# (a) Without padding a corner pixel lies in a single window and a pixel in the middle in nine, so what happens
# at the rim has little influence on the output, and gets little gradient. With `pad` 1 the corner lies in four
# windows: not as many as in the middle, but no longer hardly any. (And the output keeps the size of the
# image.)
#
# (b) With stride 2, windows of width 3 overlap in every second column and row: a pixel there lies in two
# windows per direction, the others in one. So the counts are 1, 2 and 4. The pattern is gone, away from the rim, if the
# stride divides the size of the filter: then each pixel lies in the same number of windows,
# $(\text{size}/\text{stride})^2$. (The last column, which is in no window at all, is something else: the rest of the
# division.)
#
# (c) Anything that shows only in the pixels with a 0. The stride is larger than the filter, so whole rows
# and columns are in no window; they have no influence on the loss and their gradient is exactly 0.
# ### END SOLUTION

# %% numbers="who-looks-at-a-pixel-numbers"
unpadded, padded, checkered, gaps = counts
unpadded[0, 0]  # shown: 1
unpadded[3, 4]  # shown: 9
padded[0, 0]  # shown: 4
sorted({int(count) for count in checkered[:, :-1].ravel()})  # shown: [1, 2, 4]
checkered[:, -1].max()  # shown: 0
max(gaps[[2, 5]].max(), gaps[:, [2, 5]].max())  # shown: 0
cache = (np.zeros((1, 1, 12, 12)), np.ones((1, 1, 4, 4)), np.zeros(1), {"stride": 2, "pad": 0})
inside = conv_backward_naive(np.ones((1, 1, 5, 5)), cache)[0][0, 0, 2:-2, 2:-2]
inside.min() - (4 / 2) ** 2  # shown: 0
inside.max() - (4 / 2) ** 2  # shown: 0

# %% [markdown]
# ## 4. Max pooling
#
# Once a filter has found something, it matters less *exactly where*. Max pooling replaces each window by its
# largest entry, in every channel by itself:
#
# $$\text{out}_{n,c,i,j} = \max_{p,\,q}\; x_{n,\,c,\;i \cdot \text{stride} + p,\;j \cdot \text{stride} + q} ,
# \qquad 0 \le p < \text{pool\_height}, \quad 0 \le q < \text{pool\_width}.$$
#
# There is nothing to learn in it: no weights. A small image with windows of 2 rows and 3 columns and stride 2,
# so that neighbours in a row overlap by one column; the last row is left over. Write `max_pool_forward_naive`
# and see.

# %%
rng = np.random.default_rng(3)
small = rng.permutation(35).reshape(1, 1, 5, 7).astype(float)
pool_param = {"pool_height": 2, "pool_width": 3, "stride": 2}
print("image\n", small[0, 0])
print("largest of each window\n", max_pool_forward_naive(small, pool_param)[0][0, 0])

# %% [markdown]
# And again numbers of UCLA's and Stanford's. (The entries grow from left to right and from top to bottom, so each
# maximum is at the bottom right of its window.)

# %% folded="The known outputs of max pooling beside yours"
known_pooling = np.array([
    [-0.26315789, -0.24842105, -0.20421053, -0.18947368],
    [-0.14526316, -0.13052632, -0.08631579, -0.07157895],
    [-0.02736842, -0.01263158, +0.03157895, +0.04631579],
    [+0.09052632, +0.10526316, +0.14947368, +0.16421053],
    [+0.20842105, +0.22315789, +0.26736842, +0.28210526],
    [+0.32631579, +0.34105263, +0.38526316, +0.40000000],
]).reshape(2, 3, 2, 2)  # fmt: skip
pooled, _ = max_pool_forward_naive(spaced(-0.3, 0.4, 2, 3, 4, 4), {"pool_height": 2, "pool_width": 2, "stride": 2})
beside(pooled, known_pooling)

# %% numbers="known-pooling"
rel_error(pooled, known_pooling)  # shown: < 1e-7

# %% exercise="conv_layers.max_pool_forward_naive"
check(max_pool_forward_naive)

# %% [markdown]
# ### Max pooling, backward
#
# Only the largest entry of a window had a say, so it alone gets the window's upstream gradient; if a pixel
# wins in several windows, what arrives from them adds up. (And if two entries of a window tie? Give all of it to
# one of them, or share it out, but do not pay it twice.)

# %% exercise="conv_layers.max_pool_backward_naive"
check(max_pool_backward_naive)

# %% [markdown]
# The small image again. On the right is `dx` when every upstream gradient is 1: who has won, and how often.

# %%
out, cache = max_pool_forward_naive(small, pool_param)
wins = max_pool_backward_naive(np.ones_like(out), cache)

# %% folded="Draw who wins"
panels = {"image": small[0, 0], "largest of each window": out[0, 0], "gradient: windows won": wins[0, 0]}
fig, axes = plt.subplots(1, 3, figsize=(12, 3.4), width_ratios=(7, 3, 7), layout="constrained")
for ax, (title, numbers) in zip(axes, panels.items(), strict=True):
    cell_grid(ax, *numbers.shape, title)
    for (row, column), number in np.ndenumerate(numbers):
        won = numbers.shape == wins.shape[2:] and wins[0, 0, row, column] > 0
        if won or ax is axes[1]:
            ax.add_patch(plt.Rectangle((column, row), 1, 1, facecolor="#F0C882", edgecolor="0.75"))
        weight = "bold" if won else "normal"
        ax.text(column + 0.5, row + 0.5, f"{number:.0f}", ha="center", va="center", weight=weight)
plt.show()

# %% [markdown]
# **Play with it.** A kernel of your own, stride and padding, and max pooling on top. Choose a pixel of the output, and
# see which window made it; the dots are the pixels that win their block. Can you find a kernel that sees only the
# frame of the glasses?

# %%
ConvolutionExplorer(conv_layers)

# %% [markdown]
# ## 5. The same, sooner
#
# Loops in Python are good to read and far too slow to train with. `utils/fast_layers.py` has the same layers
# with the same contracts. Do they compute the same? And what do they gain?

# %% folded="race: time the naive and the fast layers, and compare their numbers"
print(f"the fast layers run on: {BACKEND}")
rng = np.random.default_rng(0)
conv_inputs = (rng.normal(size=(100, 3, 31, 31)), rng.normal(size=(25, 3, 3, 3)), rng.normal(size=25))
conv_inputs = (*conv_inputs, {"stride": 2, "pad": 1})
pool_inputs = (rng.normal(size=(100, 3, 32, 32)), {"pool_height": 2, "pool_width": 2, "stride": 2})
LAYERS = {  # naive forward and backward, fast forward and backward, inputs
    "convolution": (conv_forward_naive, conv_backward_naive, conv_forward_fast, conv_backward_fast, conv_inputs),
    "max pooling": (
        max_pool_forward_naive, max_pool_backward_naive, max_pool_forward_fast, max_pool_backward_fast, pool_inputs
    ),
}  # fmt: skip


def timed(function, *arguments, repeat):
    """The shortest time of several calls in seconds, and the result."""
    times = []
    for _ in range(repeat):
        start = perf_counter()
        result = function(*arguments)
        times.append(perf_counter() - start)
    return min(times), result


def race(name):
    """Seconds of the naive and the fast layer, forward and backward, and the largest error between them."""
    naive_forward, naive_backward, fast_forward, fast_backward, inputs = LAYERS[name]
    forward, (out, cache) = timed(naive_forward, *inputs, repeat=1)
    forward_fast, (out_fast, cache_fast) = timed(fast_forward, *inputs, repeat=5)
    dout = np.random.default_rng(1).normal(size=out.shape)
    backward, gradients = timed(naive_backward, dout, cache, repeat=1)
    backward_fast, gradients_fast = timed(fast_backward, dout, cache_fast, repeat=5)
    if isinstance(gradients, np.ndarray):
        gradients, gradients_fast = (gradients,), (gradients_fast,)
    pairs = [(out, out_fast), *zip(gradients, gradients_fast, strict=True)]
    error = max(np.abs(slow - fast).max() / np.abs(slow).max() for slow, fast in pairs)
    return {"forward": (forward, forward_fast), "backward": (backward, backward_fast)}, error


# %%
results = run_each(race, LAYERS, title="naive against fast")
for name, (_, error) in results.items():
    print(f"{name}: largest difference {error:.1e}, relative to the largest number")

# %% folded="Draw the times"
rows = {f"{name}, {way}": pair for name, (times, _) in results.items() for way, pair in times.items()}
fig, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
places = np.arange(len(rows))
for shift, (which, label, colour, hatch) in zip(
    (-0.19, 0.19), ((0, "loops in Python", "#D55E00", "//"), (1, f"fast ({BACKEND})", "#0072B2", "")), strict=True
):
    seconds = [pair[which] for pair in rows.values()]
    ax.barh(places + shift, seconds, height=0.36, color=colour, hatch=hatch, edgecolor="white", label=label)
for place, (slow, fast) in zip(places, rows.values(), strict=True):
    ax.annotate(
        f"{slow / fast:,.0f} times as fast", (fast, place + 0.19), (6, 0), textcoords="offset points", va="center"
    )
ax.set_yticks(places, rows)
ax.invert_yaxis()
ax.set(xscale="log", xlabel="seconds (shorter is better)", title="One hundred images")
ax.grid(visible=False, axis="y")
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# **Question 3.** How many multiplications are in the forward convolution above? (Count: how many outputs, and
# how many products in each?) The fast layer needs exactly as many. How many does each of them do per second,
# and what does the slow one do in the rest of the time?

# %% [markdown] written="where-the-time-goes"
# ### BEGIN SOLUTION
# $H' = W' = 1 + \lfloor (31 + 2 - 3) / 2 \rfloor = 16$, so there are
# $N F H' W' = 100 \cdot 25 \cdot 16 \cdot 16 = 640\,000$ outputs with $C \cdot HH \cdot WW = 27$ products each:
# 17.3 million. Divided by the times in the picture, loops in Python do in the order of ten million multiplications per
# second, the compiled layer in the order of ten thousand million: about a thousand times as many (the exact numbers
# depend on the computer).
#
# The difference is not arithmetic. For each of the 640 000 outputs Python interprets a handful of
# instructions, makes slices, and calls NumPy for only 27 products; all that takes a few microseconds, in
# which the processor could do thousands of multiplications.
#
# The compiled layer (`utils/_kernels/correlation.h`) is loops, too, but in C, and arranged so that the processor's
# multipliers rarely wait. It sorts each padded image into four smaller ones, of even and odd rows and
# columns: there, windows that are neighbours at stride 2 read pixels that are neighbours in memory, and one instruction
# loads, or multiplies, a whole vector of them (2, 4 or 8 numbers in double precision). It computes up to 8 filters × 3
# vectors of outputs together, and keeps these sums in registers through all 27 products, so that each number that is
# loaded serves several multiplications. The windows are never copied, and no library is called. The images are shared
# out among the processor's cores.
#
# (Without a C compiler the fast layers run on NumPy, which does it in another way: copy all windows into the columns
# of a matrix, and leave one large product to a library. This is called *im2col*; the copies, 27 numbers for each output
# position, cost more than the product.)
# ### END SOLUTION

# %% numbers="where-the-time-goes-numbers"
conv_x, conv_w, _, conv_param = conv_inputs
F, *filter_shape = conv_w.shape
sides = [1 + (31 + 2 * conv_param["pad"] - size) // conv_param["stride"] for size in filter_shape[1:]]
sides  # shown: [16, 16]
len(conv_x) * F * np.prod(sides)  # shown: 640,000
np.prod(filter_shape)  # shown: 27
products = 640_000 * 27
products / 1e6  # shown: 17.3
slow, fast = results["convolution"][0]["forward"]
if BACKEND != "cython":
    fast = slow / 1000
np.log10(products / slow)  # shown: 7 ± 1
np.log10(products / fast)  # shown: 10 ± 1
slow / fast  # shown: > 100
1e6 * slow / 640_000  # shown: > 0.5

# %% [markdown]
# ## 6. Sandwiches
#
# A convolution, a ReLU and a pooling come together so often that `nndl/conv_layer_utils.py` has them in one
# call, on the fast layers. Read `conv_relu_pool_forward` and `conv_relu_pool_backward`: the caches are taken off
# in the opposite order. They stand on your ReLU, and they are right if it is:

# %%
rng = np.random.default_rng(0)
x, w, b = rng.normal(size=(2, 3, 8, 7)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4)
conv_param = {"stride": 1, "pad": 1}
pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
arguments = {"x": x, "w": w, "b": b}

print("convolution – ReLU – max pooling")
dout = rng.normal(size=(2, 4, 4, 3))
look_at(lambda: conv_relu_pool_forward(x, w, b, conv_param, pool_param), conv_relu_pool_backward, arguments, dout)
print("convolution – ReLU")
dout = rng.normal(size=(2, 4, 8, 7))
look_at(lambda: conv_relu_forward(x, w, b, conv_param), conv_relu_backward, arguments, dout)

# %% [markdown]
# You have all the pieces of a convolutional network. The next notebook adds normalisation for images; the one
# after puts everything together.
#
# ## 7. Further
#
# Nothing here is graded. Each of these can be tried with the layers you have.
#
# - **Fewer multiplications.** A convolution with $3 \times 3$ filters takes 36 multiplications for a block of
#   $2 \times 2$ outputs. There is a way with 16: transform the block's $4 \times 4$ inputs and the filter by additions
#   and halvings, multiply entry by entry, transform back. *Known:* it is exact on paper, 2.25 times fewer
#   multiplications, and it loses digits, more so for larger blocks; for large filters the FFT does the same service.
#   *Try:* write it for one channel, compare with `conv_forward_naive` in float32 and float64. A. Lavin, S. Gray, "Fast
#   algorithms for convolutional neural networks", CVPR 2016, section 4.
# - **Windows with holes.** A *dilated* filter reads every second pixel, or every fourth. *Known:* three layers of
#   $3 \times 3$ with dilations 1, 2 and 4 see $15 \times 15$ pixels, undilated ones $7 \times 7$, with the same
#   number of weights and no loss of resolution. *Try:* get it from `conv_forward_naive` by putting zeros between the
#   weights of a filter; then repeat "Who is looking at a pixel?" with three such layers. F. Yu, V. Koltun, "Multi-scale
#   context aggregation by dilated convolutions", ICLR 2016, section 2.
# - **Pooling and shifts.** Move an image by one pixel, and the output of max pooling with stride 2 may look quite
#   different, though nothing in the image does: every second pixel of something that is not smooth is *aliased*.
#   *Known:* pooling with stride 1, then a small blur, then every second pixel makes the output of a trained network
#   steadier against shifts, and its accuracy better, not worse. *Try:* both poolings on `photographs`, shifted by one
#   pixel. R. Zhang, "Making convolutional networks shift-invariant again", ICML 2019, section 3.

# %% numbers="further"
2 * 2 * 3 * 3  # shown: 36
(2 + 3 - 1) ** 2  # shown: 16
36 / 16  # shown: 2.25
fields = []
for dilations in ((1, 2, 4), (1, 1, 1)):
    seen = np.zeros((1, 1, 31, 31))
    seen[0, 0, 15, 15] = 1
    for d in dilations:
        holes = np.zeros((1, 1, 2 * d + 1, 2 * d + 1))
        holes[:, :, ::d, ::d] = 1
        seen = conv_backward_naive(seen, (np.zeros((1, 1, 31, 31)), holes, np.zeros(1), {"stride": 1, "pad": d}))[0]
    fields.append(np.count_nonzero(seen))
fields[0] / 15**2  # shown: 1
fields[1] / 7**2  # shown: 1

# %% [markdown]
# ### To try: one filter for each channel
#
# *These two earn no points and need not be handed in: they are here for the fun of it.*
#
# A convolution does two things at once: it looks around in the image, and it mixes channels. A **depthwise
# convolution** only looks around: every channel has a single filter of its own, and nothing is added up over the
# channels.
#
# $$\text{out}_{ncij} = b_c + \sum_{p,q} w_{cpq}\; x_{n,\,c,\;i \cdot \text{stride} + p,\;j \cdot \text{stride} + q}$$
#
# An ordinary $1 \times 1$ convolution behind it does the mixing. Together they make a *depthwise separable* layer, of
# which MobileNets are built [(Howard et al., 2017, section 3)](https://arxiv.org/abs/1704.04861): with filters of
# $K \times K$ and $F$ channels afterwards it needs a share of $1/F + 1/K^2$ of the multiplications. The authors pay
# for that with about one point of accuracy on ImageNet. What is saved in arithmetic is not all saved in time, because
# there is less to do for each number that has to be fetched from memory.
#
# Write `depthwise_conv_forward` and `depthwise_conv_backward` in `nndl/further.py`. The padding, the rest at the border
# and the cache are as in part 1; in the backward pass, ask again which outputs a pixel and a weight have a part in.

# %% further="further.depthwise_conv_forward"
from nndl.further import depthwise_conv_backward, depthwise_conv_forward

check(depthwise_conv_forward)

# %% further="further.depthwise_conv_backward"
check(depthwise_conv_backward)

# %% [markdown]
# What does a separable layer give up? It *is* an ordinary convolution, but one whose filters are not free: filter $f$
# holds, for channel $c$, the filter of that channel times one number. So the two have to agree, and one needs far fewer
# weights to say it.

# %%
rng = np.random.default_rng(0)
images, depthwise_w = rng.normal(size=(4, 32, 16, 14)), rng.normal(size=(32, 3, 3))
pointwise_w, zeros = rng.normal(size=(64, 32, 1, 1)), np.zeros(64)

looked, _ = depthwise_conv_forward(images, depthwise_w, np.zeros(32), {"stride": 1, "pad": 1})
separable, _ = conv_forward_fast(looked, pointwise_w, zeros, {"stride": 1, "pad": 0})

full_w = pointwise_w * depthwise_w  # (64, 32, 1, 1) times (32, 3, 3): every filter of the ordinary convolution
full, _ = conv_forward_fast(images, full_w, zeros, {"stride": 1, "pad": 1})

print(f"largest difference {np.abs(separable - full).max():.1e}")
print(f"weights: {full_w.size:,} in an ordinary layer, {depthwise_w.size + pointwise_w.size:,} in the separable one")

# %% [markdown]
# From 32 channels to 64 with filters of $3 \times 3$: 18,432 weights in one case and 2,336 in the other, 7.9 times
# fewer. At stride 1 the multiplications go down by the same factor, since every weight is used once at each position.

# %% numbers="depthwise-separable"
full_w.size  # shown: 18,432
depthwise_w.size + pointwise_w.size  # shown: 2,336
full_w.size / (depthwise_w.size + pointwise_w.size)  # shown: 7.9
1 / (1 / 64 + 1 / 3**2)  # shown: 7.9
float(np.abs(separable - full).max())  # shown: < 1e-10
