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
# All three stand in `nndl/net_visualization.py`, and need PyTorch: `pip install torch`.

# %%
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
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
from utils.pretrained import deprocess, pixel_limits, preprocess, trained_net
from utils.vis_utils import course_style

course_style()

# %% [markdown]
# The network: a small one, trained here on the offline set. That takes a minute or two the first time; then it is
# kept. If you have torchvision and a folder of photographs, set `PRETRAINED = True` to look into SqueezeNet, which was
# trained on 1.3 million of them (`help(trained_net)` says where the photographs go).

# %%
PRETRAINED = False

net = trained_net(pretrained=PRETRAINED)
model, names = net.model, net.names
X, y = preprocess(net.images), torch.tensor(net.labels)
guesses = torch.cat([model(part).argmax(dim=1) for part in X.split(25)])
right = np.flatnonzero((guesses == y).numpy())
print(f"{len(X)} images that it was not trained on; it is right about {len(right) / len(X):.0%} of them")

# %% [markdown]
# ## 1. Saliency maps
#
# A network gives each class a score. How much does the score $s_y$ of the right class move if a pixel moves a little?
# That is what the gradient says, and the saliency of a pixel is its largest absolute entry among the channels
# (Simonyan et al., 2013):
#
# $$M_{ij} = \max_c \left| \frac{\partial s_y}{\partial X_{cij}} \right|$$
#
# One backward pass is enough for a whole batch. Use `torch.autograd.grad`: it hands you the gradient and leaves none
# lying about in the image or in the model.

# %% exercise="net_visualization.compute_saliency_maps"
check(compute_saliency_maps)

# %%
shown = right[:6]
maps = compute_saliency_maps(X[shown], y[shown], model)
fig, axes = plt.subplots(2, len(shown), figsize=(12, 4.3), layout="constrained")
for column, image, saliency, label in zip(axes.T, deprocess(X[shown]), maps, y[shown], strict=True):
    column[0].imshow(image)
    column[0].set_title(names[label])
    column[1].imshow(saliency, cmap="cividis")
for ax in axes.flat:
    ax.set_axis_off()
plt.show()

# %% [markdown]
# **Question 1.** A friend proposes to use saliency maps for changing images: "raise the bright pixels of the map, and
# the score rises". Why does that not follow? What would have to be kept for it to work?

# %% [markdown] written="saliency-and-direction"
# ### BEGIN SOLUTION
# A map says how strongly the score depends on a pixel, not in which direction: the absolute value has dropped the sign,
# and the maximum has dropped the channel. A bright pixel may be one that has to become darker, or one whose red has to
# grow while its blue shrinks. What works is the gradient itself, with sign and channels, and only for small changes: it
# is the slope at this image, and the network is not linear. The next part does exactly that.
# ### END SOLUTION

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

# %%
image, label = X[right[:1]], int(y[right[0]])
target = int(model(image)[0].argmin())  # what it finds least likely of all
fooled = make_fooling_image(image, target, model, learning_rate=0.2)
change = (fooled - image)[0]
relative = float(change.norm() / image.norm())

fig, axes = plt.subplots(1, 3, figsize=(10, 3.8), layout="constrained")
axes[0].imshow(deprocess(image)[0])
axes[0].set_title(f"taken for: {names[label]}")
axes[1].imshow(deprocess(fooled)[0])
axes[1].set_title(f"taken for: {names[int(model(fooled).argmax())]}")
largest = float(change.abs().max())
axes[2].imshow((change.permute(1, 2, 0) / largest + 1) / 2)
axes[2].set_title("the change, stretched to full range")
for ax in axes:
    ax.set_axis_off()
plt.show()
print(f"the change is {relative:.1%} of the image")

# %% [markdown]
# **Question 2.** The network is right about most images it has never seen, yet this change makes it wrong with ease.
# Adding *noise* of the same size hardly ever does (try it). How can both be true? Think of a score that is a sum over
# thousands of pixels.

# %% [markdown] written="why-so-easily-fooled"
# ### BEGIN SOLUTION
# Close to an image the score is nearly linear: it changes by $g \cdot \delta$. If $\delta$ has the direction of $g$,
# all the products are positive and add up: the change is $\lVert g \rVert \lVert \delta \rVert$. In noise of the same
# length about half of them are negative and nearly cancel: what is left is about $\lVert g \rVert \lVert \delta
# \rVert / \sqrt{D}$ with $D$ numbers in the image, 55 times less for $D = 3072$. In so many dimensions a random
# direction is almost surely one that does not matter, and images of the test set are, to the network, random
# directions. There is one that does matter, and the gradient finds it.
# ### END SOLUTION

# %% [markdown]
# ## 3. Class visualisation
#
# Start from noise and climb. Without a penalty the image grows without end, so the objective is
#
# $$s_y(I) - \lambda \lVert I \rVert_2^2$$
#
# You write one step. The loop around it is given, and adds two priors of what images are like: it shifts the image at
# random before each step, and blurs it now and then (Yosinski et al., 2015).

# %% exercise="net_visualization.class_visualization_update_step"
check(class_visualization_update_step)

# %%
# The defaults are made for 224 × 224 pixels; a small image wants smaller shifts and shorter steps.
size = X.shape[-1]
SETTINGS = {} if PRETRAINED else {"max_jitter": 2, "learning_rate": 2.0}
snapshots = {}
create_class_visualization(
    0,
    model,
    tuple(X.shape[1:]),
    limits=pixel_limits(),
    callback=lambda step, img: snapshots.update({step: img}),
    **SETTINGS,
)
fig, axes = plt.subplots(1, len(snapshots), figsize=(12, 3), layout="constrained")
for ax, (step, img) in zip(axes, snapshots.items(), strict=True):
    ax.imshow(deprocess(img)[0])
    ax.set_title(f"{names[0]}, step {step}")
    ax.set_axis_off()
plt.show()

# %%
classes = range(10) if not PRETRAINED else [76, 78, 187, 683, 366, 604, 113, 130, 488, 779]
ideals = {
    label: create_class_visualization(label, model, tuple(X.shape[1:]), limits=pixel_limits(), **SETTINGS)
    for label in classes
}
fig, axes = plt.subplots(2, 5, figsize=(12, 5.2), layout="constrained")
for ax, (label, img) in zip(axes.flat, ideals.items(), strict=True):
    ax.imshow(deprocess(img)[0])
    ax.set_title(names[label])
    ax.set_axis_off()
plt.show()

# %% [markdown]
# **Question 3.** Compare these pictures with images of the classes. What of a class do they show, what is missing, and
# what can be there several times over? What does that say about what the network has learned, and about what it was
# never asked to learn?

# %% [markdown] written="the-ideal-of-a-class"
# ### BEGIN SOLUTION
# They show what tells a class from the others: here its outline, at about the place and the size that it had in the
# training images. The colours run through the rainbow and say nothing, because in this set no class has a colour of its
# own. What is missing is a whole: one object with a surface, in front of a background. And there is too much of what
# is good: the edges of a ring or a frame are repeated outwards and inwards like echoes (in photographs it is eyes, or
# petals, all over the picture). The network was only asked which of ten classes an image belongs to; for that it is
# enough to find evidence, and two pieces of evidence are better than one. It never had to know how the pieces hang
# together, nor what images occur. It learned to tell classes apart, not to draw them.
# ### END SOLUTION
