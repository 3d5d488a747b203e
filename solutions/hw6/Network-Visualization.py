# %% [markdown]
# # What a network sees
#
# So far the images were fixed and the weights were changed. Now take a network that is trained, keep its weights, and
# follow the gradient into the **image**. The same gradient answers three questions:
#
# | | question | you write |
# |---|---|---|
# | 1 | which pixels did the network decide by? | `compute_saliency_maps` |
# | 2 | how little must an image change to be taken for something else? | `make_fooling_image` |
# | 3 | what would the network's ideal of a class look like? | `class_visualization_update_step` |
#
# All three stand in `nndl/net_visualization.py`, and need PyTorch: `pip install torch`. A build without CUDA is enough,
# because everything here runs on the processor.

# %% folded="Set-up: run this cell first"
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import copy

import matplotlib.pyplot as plt
import numpy as np
import torch

from nndl.net_visualization import (
    class_visualization_update_step,
    compute_saliency_maps,
    create_class_visualization,
    make_fooling_image,
)
from utils.checks import check
from utils.photographs import PHOTOGRAPHS, load_photograph, square_photographs
from utils.pretrained import deprocess, deprocess_change, pixel_limits, preprocess, trained_net
from utils.vis_utils import course_style

course_style()

# %% [markdown]
# The network: a small one, trained here, on CIFAR-10 if it is on your computer and else on the offline set. That takes
# about a minute the first time; then it is kept. If you have torchvision, set `PRETRAINED = True` to look into
# SqueezeNet instead, which was trained on more than a million photographs. (Its weights are downloaded the first time.
# `help(trained_net)` says how to show it photographs of your own.)

# %%
PRETRAINED = False

net = trained_net(pretrained=PRETRAINED)
model, names = net.model, net.names
X, y = preprocess(net.images), torch.tensor(net.labels)


def guess(images):
    """The class that the network gives the highest score, for each image."""
    return torch.cat([model(part).argmax(dim=1) for part in images.split(25)])


right = np.flatnonzero((guess(X) == y).numpy())
print(f"trained on: {net.dataset}")
print(f"{len(X)} images that it was not trained on; it is right about {len(right) / len(X):.0%} of them")

# %% [markdown]
# ## What goes in
#
# A few real photographs. Below each stands its class in the data sets that have one for it; the classes of the offline
# set are shapes. (Who took them, and that you may pass them on, stands in `utils/photographs/ATTRIBUTION.md`.)

# %% folded="Show the photographs"
SETS = {"cifar10": "CIFAR-10", "imagenet": "ImageNet", "offline": "offline set"}

loaded = {name: load_photograph(name) for name in PHOTOGRAPHS}
widths = [pixels.shape[1] / pixels.shape[0] for pixels in loaded.values()]
fig, axes = plt.subplots(1, len(loaded), figsize=(13, 3), width_ratios=widths, layout="constrained")
for ax, (name, photograph) in zip(axes, PHOTOGRAPHS.items(), strict=True):
    ax.imshow(loaded[name])
    ax.set(title=photograph.title, xticks=[], yticks=[])
    ax.set_xlabel("\n".join(f"{SETS[known]}: {label}" for known, label in photograph.labels.items()))
plt.show()

# %% [markdown]
# The network takes squares of one size, with values near 0. `preprocess` divides the bytes by 255, takes off the mean
# of each colour channel over ImageNet's photographs and divides by its standard deviation; `deprocess` goes back. This
# is a part of the network: its weights were fitted to such numbers. On others it does much worse, and no error tells
# you.

# %%
squares = square_photographs(X.shape[-1])
inputs = preprocess(squares)
print(f"bytes: {squares.shape}, {squares.min()} to {squares.max()}, mean {squares.mean():.0f}")
print(f"inputs: {tuple(inputs.shape)}, {inputs.min():.1f} to {inputs.max():.1f}, mean {inputs.mean():.2f}")
print("and back, the same bytes:", np.array_equal(deprocess(inputs), squares.transpose(0, 2, 3, 1)))

as_bytes = torch.tensor(net.images, dtype=torch.float32)
accuracies = {}
for way, images in (("preprocess", X), ("only divided by 255", as_bytes / 255), ("bytes as they are", as_bytes)):
    accuracies[way] = float((guess(images) == y).float().mean())
    print(f"{way:>20}: right about {accuracies[way]:.0%}")

# %% numbers="preprocessing-matters"
accuracies["preprocess"] - max(accuracies["only divided by 255"], accuracies["bytes as they are"])  # shown: > 0.08
np.array_equal(deprocess(inputs), squares.transpose(0, 2, 3, 1))  # shown: True

# %% [markdown]
# And what does it take the photographs for? It has to name one of the classes that it was trained on: softmax shares
# out 100 % among them, whatever the image is, and "none of these" is not on the list. So it can only be right where
# its data set has a class for what is shown. And a high probability says no more than that one class has a much higher
# score than the others. The small network gives at least one of these photographs a higher probability than half of the
# images that it was tested on.

# %%
chances = model(inputs).softmax(dim=1)
answers = chances.argmax(dim=1)

# %% folded="Show what it takes each photograph for"
fig, axes = plt.subplots(1, len(inputs), figsize=(12, 3), layout="constrained")
for ax, image, row, photograph in zip(axes, deprocess(inputs), chances, PHOTOGRAPHS.values(), strict=True):
    ax.imshow(image)
    ax.set(title=f"{names[int(row.argmax())]}, {float(row.max()):.0%}", xticks=[], yticks=[])
    label = photograph.labels.get(net.dataset)
    ax.set_xlabel(f"it is: {label}" if label else "it is none of its classes")
plt.show()

# %% numbers="sure-about-strangers"
surest = model(X).softmax(dim=1).max(dim=1).values
float((surest < chances.max()).float().mean())  # shown: > 0.5
float((chances.sum(dim=1) - 1).abs().max())  # shown: < 1e-5

# %% [markdown]
# ## 1. Saliency maps
#
# A network gives each class a score. How much does the score $s_y$ of the right class move if a pixel moves a little?
# That is what the gradient says, and the saliency of a pixel is its largest absolute entry among the channels
# (Simonyan et al., 2013):
#
# $$M_{ij} = \max_c \left| \frac{\partial s_y}{\partial X_{cij}} \right|$$
#
# A tool for it first. The scores of the right classes are *one entry of each row* of the scores, in another column each
# time. In NumPy you took them by `scores[np.arange(N), y]`. PyTorch understands the same indexing, and has `gather`
# besides: along the dimension that you name it takes, for each entry of an index tensor, the entry of the table that
# stands there. The index has as many dimensions as the table: one column number per row is an index of shape $(N, 1)$,
# and the result has the shape of the index.
#
# Both can be differentiated: the upstream gradient of an entry that was picked goes back to its place in the table, and
# every other entry gets 0.

# %%
table = torch.tensor([[3.0, 1.0, 4.0, 1.0], [5.0, 9.0, 2.0, 6.0], [5.0, 3.0, 5.0, 8.0]], requires_grad=True)
columns = torch.tensor([2, 0, 3])

print("NumPy's indexing:", table.detach().numpy()[np.arange(3), columns.numpy()])
picked = table.gather(1, columns.view(-1, 1))
print("gather:", picked.detach().tolist(), "of shape", tuple(picked.shape))
(picked * torch.tensor([[10.0], [20.0], [30.0]])).sum().backward()  # upstream gradients 10, 20 and 30
print("gradient of the table:", table.grad, sep="\n")

# %% numbers="gather"
np.array_equal(picked[:, 0].detach(), table.detach().numpy()[np.arange(3), columns.numpy()])  # shown: True
np.array_equal(table.grad, [[0, 0, 10, 0], [20, 0, 0, 0], [0, 0, 0, 30]])  # shown: True
(by_indexing,) = torch.autograd.grad(table[torch.arange(3), columns].sum(), table)
np.array_equal(by_indexing, table.grad > 0)  # shown: True

# %% [markdown]
# Now write `compute_saliency_maps`. One backward pass is enough for a whole batch. Use `torch.autograd.grad`: it hands
# you the gradient and leaves none lying about in the image or in the model.

# %% exercise="net_visualization.compute_saliency_maps"
check(compute_saliency_maps)


# %% folded="show_maps: draw images, each above its saliency map"
def show_maps(images, labels):
    """Images, each above the map of the score of its label."""
    maps = compute_saliency_maps(images, labels, model)
    _, axes = plt.subplots(2, len(images), figsize=(12, 4.3), layout="constrained")
    for column, image, saliency, label in zip(axes.T, deprocess(images), maps, labels, strict=True):
        column[0].imshow(image)
        column[0].set_title(names[label])
        column[1].imshow(saliency, cmap="cividis")
    for ax in axes.flat:
        ax.set_axis_off()
    plt.show()


# %%
shown = right[:6]
show_maps(X[shown], y[shown])

# %% [markdown]
# Most of the photographs have no right class here. But the question can be asked about any score: which pixels matter
# for the answer that the network gave?

# %%
show_maps(inputs, answers)

# %% [markdown]
# **Question 1.** A friend proposes to use saliency maps for changing images: "raise the bright pixels of the map, and
# the score rises". Why does that not follow? What would have to be kept for it to work?

# %% [markdown] written="saliency-and-direction"
# ### BEGIN SOLUTION
# A map says how strongly the score depends on a pixel, not in which direction: the absolute value has dropped the sign,
# and the maximum has dropped the channel. A bright pixel may be one that has to become darker, or one whose red has to
# grow while its blue shrinks. (Raise all pixels in proportion to the map, by a step as long as those of part 2, and the
# score falls about as often as it rises.) What works is the gradient itself, with sign and channels, and only for small
# changes: it is the slope at this image, and the network is not linear. The next part does exactly that.
# ### END SOLUTION

# %% numbers="raising-bright-pixels"
some = right[:100]
bright = compute_saliency_maps(X[some], y[some], model)[:, None].expand(-1, 3, -1, -1)
bright = 0.5 * bright / bright.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
rise = model(X[some] + bright).gather(1, y[some][:, None]) - model(X[some]).gather(1, y[some][:, None])
float((rise > 0).float().mean())  # shown: 0.5 ± 0.25

# %% [markdown]
# ## 2. Fooling images
#
# Follow the gradient of *another* class's score, in small steps of one length, until the network believes it:
#
# $$X \leftarrow X + \eta \frac{g}{\lVert g \rVert_2}, \qquad g = \frac{\partial s_\text{target}}{\partial X}$$
#
# Ask the model before each step, and stop when it is fooled.

# %% exercise="net_visualization.make_fooling_image"
check(make_fooling_image)

# %% [markdown]
# Three images, each to be taken for what the network finds *least* likely of all. The differences are shown around
# grey: a pixel that stayed is grey, one that was raised is brighter, one that was lowered is darker. At the far right
# are the highest scores before and after, and that of the target.

# %% folded="Fool the network three times, and draw what has changed"
fooling = []
fig, axes = plt.subplots(3, 5, figsize=(12, 7.5), width_ratios=(2, 2, 2, 2, 3), squeeze=False, layout="constrained")
for number, row in zip(right[:3], axes, strict=False):
    image, label = X[number : number + 1], int(y[number])
    before = model(image)[0]
    target = int(before.argmin())
    fooled = make_fooling_image(image, target, model, learning_rate=0.5)
    after, change = model(fooled)[0], fooled - image
    fooling.append((label, target, int(after.argmax()), float(change.norm() / image.norm())))

    row[0].imshow(deprocess(image)[0])
    row[0].set_title(f"taken for: {names[label]}")
    row[1].imshow(deprocess(fooled)[0])
    row[1].set_title(f"taken for: {names[int(after.argmax())]}")
    row[2].imshow(deprocess_change(change)[0])
    row[2].set_title("difference")
    row[3].imshow(deprocess_change(change, factor=10)[0])
    row[3].set_title("difference × 10")
    for ax in row[:4]:
        ax.set_axis_off()
    listed = sorted({*before.topk(5).indices.tolist(), *after.topk(5).indices.tolist(), target}, reverse=True)
    places = np.arange(len(listed))
    row[4].barh(places + 0.2, before[listed], 0.4, label="before")
    row[4].barh(places - 0.2, after[listed], 0.4, label="after", hatch="////", edgecolor="white")
    row[4].set_yticks(places, [names[place] for place in listed])
    row[4].axvline(0, color="0.4", linewidth=0.8, marker="")
    row[4].set_title("scores")
fig.legend(*axes[0, 4].get_legend_handles_labels(), loc="outside lower right", ncols=2)
plt.show()
for label, target, taken, relative in fooling:
    print(f"{names[label]} to {names[target]}: taken for {names[taken]} with a change of {relative:.1%} of the image")

# %% [markdown]
# **Question 2.** The network is right about most images it has never seen, yet this change makes it wrong with ease.
# Adding *noise* of the same size hardly ever does (try it). How can both be true? Think of a score that is a sum over
# thousands of pixels.

# %% [markdown] written="why-so-easily-fooled"
# ### BEGIN SOLUTION
# Close to an image the score is nearly linear: it changes by about $g \cdot \delta$. If $\delta$ has the direction of
# $g$, all the products are positive and add up: the change is $\lVert g \rVert \lVert \delta \rVert$. In noise of the
# same length about half of them are negative, and they nearly cancel: what is left is typically $\lVert g \rVert \lVert
# \delta \rVert / \sqrt{D}$ with $D$ numbers in the image, 55 times less for $D = 3072$. In so many dimensions a random
# direction is almost surely one that hardly matters. So being right about images with noise, or about new images that
# nobody chose by the gradient, says little about the one direction in which all the small contributions have the same
# sign, and the gradient points right there.
# ### END SOLUTION

# %% numbers="noise-and-gradient"
np.sqrt(3072)  # shown: 55
as_predicted, wrong_by_noise, noise_to_gradient = [], [], []
generator = torch.Generator().manual_seed(0)
for number in right[:20]:
    image, label = X[number : number + 1], int(y[number])
    target = int(model(image)[0].argmin())
    change = make_fooling_image(image, target, model, learning_rate=0.5) - image
    start = image.clone().requires_grad_()
    (g,) = torch.autograd.grad(model(start)[0, target], start)
    gained = float(model(image + change)[0, target] - model(image)[0, target])
    as_predicted.append(gained / float((g * change).sum()))
    noise = torch.randn((50, *image.shape[1:]), generator=generator)
    noise *= change.norm() / noise.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    noisy = model(image + noise)
    wrong_by_noise.append(float((noisy.argmax(dim=1) != label).float().mean()))
    noise_to_gradient.append(float(noisy[:, target].std()) / gained)
float(np.median(as_predicted))  # shown: 1.1 ± 0.2
float(np.mean(wrong_by_noise))  # shown: < 0.15
1 / float(np.median(noise_to_gradient))  # shown: 55 ± 15

# %% [markdown]
# ## 3. Class visualisation
#
# Start from noise and climb. Without a penalty the image grows without end, so the objective is
#
# $$s_y(I) - \lambda \lVert I \rVert_2^2$$
#
# You write one step. The loop around it is given. It keeps every value between black and white, and adds two priors of
# what images are like: it shifts the image at random before each step, and blurs it now and then (Yosinski et al.,
# 2015).

# %% exercise="net_visualization.class_visualization_update_step"
check(class_visualization_update_step)

# %%
# The defaults are made for 224 × 224 pixels; a small image wants smaller shifts, shorter steps and a stronger penalty.
SETTINGS = {} if PRETRAINED else {"max_jitter": 2, "learning_rate": 2.0, "l2_reg": 1e-2}
shape = tuple(X.shape[1:])
snapshots = {}
create_class_visualization(
    0,
    model,
    shape,
    limits=pixel_limits(),
    callback=lambda step, img: snapshots.update({step: img}),
    **SETTINGS,
)

# %% folded="Draw the image on its way"
fig, axes = plt.subplots(1, len(snapshots), figsize=(12, 3), layout="constrained")
for ax, (step, img) in zip(axes, snapshots.items(), strict=True):
    ax.imshow(deprocess(img)[0])
    ax.set_title(f"{names[0]}, step {step}")
    ax.set_axis_off()
plt.show()

# %% numbers="growth-without-penalty"
free = {
    (weight, steps): float(
        create_class_visualization(
            0, model, shape, l2_reg=weight, num_iterations=steps, max_jitter=2, learning_rate=2.0
        ).norm()
    )
    for weight in (0, 0.1)
    for steps in (100, 300)
}
free[0, 300] / free[0, 100]  # shown: > 1.5
free[0.1, 300] / free[0.1, 100]  # shown: < 1.2

# %% [markdown]
# All classes, or ten of them. Below each ideal stands an image of the class, if there is one.

# %%
classes = range(10) if not PRETRAINED else [76, 78, 187, 683, 366, 604, 113, 130, 488, 779]
ideals = {
    label: create_class_visualization(label, model, shape, limits=pixel_limits(), **SETTINGS) for label in classes
}

# %% folded="Draw the ideal of each class, and an image of it"
fig, axes = plt.subplots(4, 5, figsize=(10, 8.6), layout="constrained")
places = zip(axes[::2].flat, axes[1::2].flat, strict=True)
for (ideal_ax, image_ax), (label, img) in zip(places, ideals.items(), strict=True):
    ideal_ax.imshow(deprocess(img)[0])
    ideal_ax.set_title(f"{names[label]}, {float(model(img).softmax(dim=1)[0, label]):.0%}")
    for image in net.images[net.labels == label][:1]:
        image_ax.imshow(image.transpose(1, 2, 0))
for ax in axes.flat:
    ax.set_axis_off()
plt.show()

# %% [markdown]
# **Question 3.** Compare these pictures with images of the classes. What of a class do they show, what is missing, and
# what can be there several times over? What does that say about what the network has learned, and about what it was
# never asked to learn?

# %% [markdown] written="the-ideal-of-a-class"
# ### BEGIN SOLUTION
# They show what tells a class from the others: here its outline, near the middle and about as large as in the training
# images, and its colours, strongly exaggerated. (Smoothed, the colours of the ideals resemble those of the classes'
# mean images: their correlation is about 0.6 on the offline set.) What is missing is a whole: one object with a
# surface, in front of a background. Broad light and dark areas make up about three quarters of the variance of the
# images, and of the ideals about a quarter; the rest are edges and stripes. And there is too much of what is good: the
# edges of a ring or a frame are repeated outwards and inwards like echoes (in photographs it is eyes, or petals, all
# over the picture). Still, each ideal gets a higher score for its class than any of the images that the network was
# tested on. It was only asked which of ten classes an image belongs to; for that it is enough to find evidence, and
# two pieces of evidence are better than one. It never had to know how the pieces hang together, nor what images occur.
# It learned to tell classes apart, not to draw them.
# ### END SOLUTION

# %% numbers="the-ideal-of-a-class-in-figures"
from nndl.net_visualization import blur

drawn = torch.cat(list(ideals.values()))
means = torch.stack([X[y == label].mean(dim=0) for label in ideals])


def colours(images):
    """Smoothed, without brightness, and less what all classes have in common."""
    smooth = blur(images - images.mean(dim=1, keepdim=True), sigma=2.0)
    return (smooth - smooth.mean(dim=0)).flatten()


def broad_share(images):
    """The share of the variance in waves of which at most three fit across the image."""
    power = torch.fft.fft2(images - images.mean(dim=(2, 3), keepdim=True)).abs().square()
    waves = torch.fft.fftfreq(images.shape[-1]) * images.shape[-1]
    return float(power[..., torch.hypot(waves[:, None], waves) <= 3].sum() / power.sum())


def colour_to_brightness(images):
    grey = images.mean(dim=1, keepdim=True)
    return float((images - grey).var() / grey.var())


float(torch.corrcoef(torch.stack([colours(drawn), colours(means)]))[0, 1])  # shown: 0.6 ± 0.12
broad_share(X)  # shown: 0.75 ± 0.05
broad_share(drawn)  # shown: 0.23 ± 0.1
colour_to_brightness(drawn) / colour_to_brightness(X)  # shown: > 5
best_images = [float(model(X[y == label])[:, label].max()) for label in ideals]
above = [float(model(img)[0, label]) - best for (label, img), best in zip(ideals.items(), best_images, strict=True)]
min(above)  # shown: > 0

# %% [markdown]
# ## Further
#
# Three questions that are open, and that you can work on with what you have written.
#
# **Does a saliency map show what the network has learned?** A map may look right because *any* network would give it.
# Adebayo et al. (2018, "Sanity Checks for Saliency Maps", NeurIPS, arXiv:1810.03292) replace the weights by random
# ones, layer by layer from the scores down, and see whether the map changes. For the plain gradient, your method, it
# does; for Guided Backpropagation, whose maps look cleaner, it hardly does. Below is the start, with maps compared by
# Spearman's rank correlation: 1 if the pixels have the same order, about 0 if the orders have nothing to do with each
# other. The correlation falls far as soon as the last layer is random, but never to 0: what do the maps of a trained
# network and of a random one have in common? Is it the edges of the image, which you can find without any network? And
# what happens to the curve if each map is the mean over many noisy copies of its image (SmoothGrad: Smilkov et al.,
# 2017, arXiv:1706.03825)?


# %%
def rank_correlation(maps, others):
    """Spearman's correlation of each map with the other one of the same image; the mean over the images."""
    ranks = [part.flatten(1).argsort(dim=1).argsort(dim=1).float() for part in (maps, others)]
    first, second = (part - part.mean(dim=1, keepdim=True) for part in ranks)
    return float(torch.cosine_similarity(first, second, dim=1).mean())


torch.manual_seed(0)
of_trained = compute_saliency_maps(X[right[:50]], y[right[:50]], model)
randomised = copy.deepcopy(model)
correlations = [1.0]
for layer in reversed([part for part in randomised.modules() if hasattr(part, "reset_parameters")]):
    layer.reset_parameters()
    of_random = compute_saliency_maps(X[right[:50]], y[right[:50]], randomised)
    correlations.append(rank_correlation(of_trained, of_random))

# %% folded="Draw how alike the maps still are"
fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
ax.plot(correlations, markevery=1)
ax.set(xlabel="layers with random weights, counted from the scores down", ylabel="rank correlation", ylim=(0, 1.05))
plt.show()

# %% numbers="sanity"
correlations[1]  # shown: < 0.45
min(correlations)  # shown: > 0.05

# %% [markdown]
# **How could a network say "none of these"?** Hendrycks and Gimpel (2017, "A Baseline for Detecting Misclassified and
# Out-of-Distribution Examples in Neural Networks", ICLR, arXiv:1610.02136) find that the largest softmax probability
# tends to be lower for images of another kind, and take it as the baseline to beat. How well does it tell the
# photographs above from the images the network was tested on? And noise, or images turned by a right angle? Are the
# saliency maps of such images different?
#
# **Can a network be trained so that it is hard to fool?** Train it on fooling images: before each step of the
# optimiser, change the minibatch a little in the direction that raises its loss. Madry et al. (2018, "Towards Deep
# Learning Models Resistant to Adversarial Attacks", ICLR, arXiv:1706.06083) do this with several small steps of the
# kind you wrote. It helps, but never fully, and costs accuracy on unchanged images; how much of that is unavoidable is
# still open. Start from the loop of `train_small_net` in `utils/pretrained.py`. How large must a change be to fool
# such a network, and what do its saliency maps and its ideals look like?
