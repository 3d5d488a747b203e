# %% [markdown]
# # Backpropagation, by hand
#
# A network learns by asking one question over and over: *if this number were a little larger, what would
# the loss do?* Backpropagation answers it for millions of numbers at once. Here you answer it yourself, for
# two models small enough to differentiate on paper, and then let the computer check every entry.
#
# | | what you do | where | points |
# |---|---|---|---|
# | 1 | warm up on a graph of four operations | here | – |
# | 2 | the tied autoencoder | `tied_autoencoder` in `nndl/backprop.py` | 6 |
# | 3 | a latent-variable model | three `gplvm_…` functions in `nndl/backprop.py` | 12 |
#
# In each of them: derive on paper, write the derivation down in the notebook, write the function in the
# file, run the check. Files reload by themselves; there is no need to restart after an edit.
# The last section has problems for those who want to go on.

# %% folded="Set-up: run this cell first"
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np

from nndl.backprop import (
    gplvm_data_fit,
    gplvm_kernel,
    gplvm_log_determinant,
    gplvm_objective,
    tied_autoencoder,
)
from utils.checks import check
from utils.gradient_check import eval_numerical_gradient, rel_error
from utils.graph_drawing import Edge, draw_graph
from utils.vis_utils import course_style

course_style()

# %% [markdown]
# ## 1. A graph of four operations
#
# Take $f(a, b) = (ab + b)^2$ and name what is computed on the way: $s = ab$, $t = s + b$, $f = t^2$. Each
# operation knows one thing only: its **local** derivatives. The chain rule multiplies them along a path,
# from the end to the start:
#
# $$\frac{\partial f}{\partial s} = \frac{\partial f}{\partial t}\,\frac{\partial t}{\partial s},
# \qquad
# \frac{\partial f}{\partial b} =
# \underbrace{\frac{\partial f}{\partial s}\,\frac{\partial s}{\partial b}}_{\text{through the product}} +
# \underbrace{\frac{\partial f}{\partial t}\,\frac{\partial t}{\partial b}}_{\text{through the sum}} .$$
#
# The second formula is the one people forget. $b$ is used **twice**, so two gradients come back to it, and
# **gradients that meet at a fork add**.
#
# Blue is what flows forward, orange what flows back. Take $a = 2$ and $b = -3$, and put numbers for the question
# marks, the blue ones from left to right and then the orange ones from right to left:
#
# ![Computation graph to fill in: a and b enter a product, which gives s; s and b enter a sum, which gives t; t is
# squared, which gives f. Above each arrow a value is asked for, below it the gradient that comes
# back, 1 at f.](four-operations-graph.svg)
#
# Then run the next cells and compare. Change `a` and `b` and run them again. Can you find values for which nothing
# at all flows back to $a$? There are two ways.

# %% picture="four-operations-graph"
from utils.graph_drawing import Edge, draw_graph
from utils.vis_utils import course_style

course_style()
draw_graph(
    {
        "$a$": (0, 2),
        "$b$": (0, 0),
        r"$\times$": (2, 2),
        "$+$": (4, 1),
        r"$(\cdot)^2$": (6, 1),
        "$f$": (8, 1),
    },
    [
        Edge("$a$", r"$\times$", "2", "?"),
        Edge("$b$", r"$\times$", "-3", "?"),
        Edge("$b$", "$+$", "-3", "?", bend=-0.15),
        Edge(r"$\times$", "$+$", "s = ?", "?"),
        Edge("$+$", r"$(\cdot)^2$", "t = ?", "?"),
        Edge(r"$(\cdot)^2$", "$f$", "?", "1"),
    ],
    title="Forward above the arrows, backward below",
)

# %%
a, b = 2.0, -3.0

s = a * b
t = s + b
f = t**2

df_dt = 2 * t
df_ds = df_dt * 1
df_da = df_ds * b
df_db_product = df_ds * a
df_db_sum = df_dt * 1

# %% folded="Draw the graph with these numbers"
draw_graph(
    {
        "$a$": (0, 2),
        "$b$": (0, 0),
        r"$\times$": (2, 2),
        "$+$": (4, 1),
        r"$(\cdot)^2$": (6, 1),
        "$f$": (8, 1),
    },
    [
        Edge("$a$", r"$\times$", f"{a:g}", f"{df_da:g}"),
        Edge("$b$", r"$\times$", f"{b:g}", f"{df_db_product:g}"),
        Edge("$b$", "$+$", f"{b:g}", f"{df_db_sum:g}", bend=-0.15),
        Edge(r"$\times$", "$+$", f"s = {s:g}", f"{df_ds:g}"),
        Edge("$+$", r"$(\cdot)^2$", f"t = {t:g}", f"{df_dt:g}"),
        Edge(r"$(\cdot)^2$", "$f$", f"{f:g}", "1"),
    ],
    title="Forward above the arrows, backward below",
)
print(f"at b two gradients meet: {df_db_product:g} + {df_db_sum:g} = {df_db_product + df_db_sum:g}")

# %% [markdown]
# ### Numbers that judge
#
# How do you know a derivation is right? Nudge the input and watch the output:
#
# $$\frac{\partial f}{\partial x} \approx \frac{f(x + h) - f(x - h)}{2h}.$$
#
# The error of this *central difference* falls with $h^2$, as long as $h$ is not so small that rounding
# takes over. A one-sided difference, $(f(x+h) - f(x))/h$, only falls with $h$. The picture shows both for
# $f(x) = \sin x$ at $x = 1$. Read off why this course takes $h = 10^{-5}$, and what size of error you
# should expect from a gradient that is right.

# %%
h = np.logspace(-13, 0, 60)
x0, slope = 1.0, np.cos(1.0)
one_sided = (np.sin(x0 + h) - np.sin(x0)) / h
central = (np.sin(x0 + h) - np.sin(x0 - h)) / (2 * h)

# %% folded="Draw both errors against the step"
fig, ax = plt.subplots(layout="constrained")
ax.loglog(h, abs(one_sided - slope), label="one-sided")
ax.loglog(h, abs(central - slope), label="central")
ax.axvline(1e-5, color="0.4", linewidth=1, linestyle=":", marker="")
ax.annotate("$h = 10^{-5}$", (1e-5, 1e-2), (5, 0), textcoords="offset points")
ax.set(
    xlabel="step $h$",
    ylabel="absolute error of the slope",
    title="Too large a step is inexact, too small a step drowns in rounding",
)
ax.legend()
plt.show()

# %% numbers="step"
1e-6 < h[np.abs(central - slope).argmin()] < 3e-5  # shown: True
np.abs((np.sin(x0 + 1e-5) - np.sin(x0 - 1e-5)) / 2e-5 - slope)  # shown: < 1e-9
np.abs((np.sin(x0 + 1e-2) - np.sin(x0 - 1e-2)) / 2e-2 - slope) / 1e-4  # shown: 0.090
np.abs((np.sin(x0 + 1e-2) - np.sin(x0)) / 1e-2 - slope) / 1e-2  # shown: 0.42

# %% [markdown]
# ## 2. The tied autoencoder
#
# An autoencoder squeezes an example $x \in \mathbb{R}^D$ through a narrow layer and tries to get it back.
# In this one the decoder is the encoder, transposed:
#
# $$h = Wx \in \mathbb{R}^M, \qquad \hat x = W^\top h, \qquad
# L(W) = \tfrac12 \lVert W^\top W x - x \rVert^2 .$$
#
# One matrix, two jobs. In the graph, $W$ has two arrows: it is the fork from the warm-up, with a matrix in
# it.
#
# ![Computation graph to fill in: x of size D and W (first use) enter Wx, which gives h of size M; h and W (second
# use) enter W transposed times h, which gives x hat of size D; then minus x gives r, and half its squared norm. Below
# every arrow but that of x stands an orange question mark for a gradient.](tied-autoencoder-graph.svg)

# %% picture="tied-autoencoder-graph"
from utils.graph_drawing import Edge, draw_graph
from utils.vis_utils import course_style

course_style()
draw_graph(
    {
        "$W$": (0, 1.6),
        "$x$": (0, 0),
        "$Wx$": (2.2, 0),
        r"$W^\top h$": (4.6, 0),
        "$- x$": (6.8, 0),
        r"$\frac{1}{2}\|\cdot\|^2$": (9, 0),
    },
    [
        Edge("$W$", "$Wx$", "first use", "?"),
        Edge("$W$", r"$W^\top h$", "second use", "?", bend=0.2),
        Edge("$x$", "$Wx$", "$x$ ($D$)"),
        Edge("$Wx$", r"$W^\top h$", "$h$ ($M$)", "?"),
        Edge(r"$W^\top h$", "$- x$", r"$\hat x$ ($D$)", "?"),
        Edge("$- x$", r"$\frac{1}{2}\|\cdot\|^2$", "$r$ ($D$)", "?"),
    ],
    title="The tied autoencoder: fill in the orange question marks, right to left",
)

# %% [markdown]
# **On paper.** Fill in the question marks, starting at the loss. Two facts are enough:
#
# - if $y = Ax$ and the upstream gradient is $g = \partial L / \partial y$, then
#   $\partial L / \partial x = A^\top g$ and $\partial L / \partial A = g\,x^\top$;
# - gradients that meet at a fork add. One of the two arrives as a gradient in $W^\top$: transpose it first.
#
# Check the shapes as you go: whatever meets at $W$ has to be $(M, D)$.
#
# **Question 1.** Write down your derivation of $\partial L / \partial W$: what comes back along each of the
# two arrows into $W$, and their sum.

# %% [markdown] written="autoencoder-derivation"
# ### BEGIN SOLUTION
# Write $r = W^\top h - x$. At the loss, $\partial L / \partial r = r$, and subtracting $x$ passes it on
# unchanged: $\partial L / \partial \hat x = r$.
#
# *Second use.* $\hat x = W^\top h$ with $A = W^\top$: $\partial L / \partial W^\top = r\,h^\top$, and
# transposed $h\,r^\top$. Its other input gets $\partial L / \partial h = W r$.
#
# *First use.* $h = W x$ with upstream gradient $W r$: $\partial L / \partial W = (W r)\,x^\top$.
#
# Both are $(M, D)$ and they add:
# $$\frac{\partial L}{\partial W} = h\,r^\top + (W r)\,x^\top, \qquad h = Wx, \quad r = W^\top W x - x.$$
# ### END SOLUTION

# %% [markdown]
# **In code.** Open `nndl/backprop.py` and write `tied_autoencoder`. It is four lines. First compare it with
# the numeric gradient yourself: a right gradient agrees to about $10^{-9}$, a wrong one differs in the
# first digit.

# %%
rng = np.random.default_rng(0)
W, x = rng.normal(size=(3, 5)), rng.normal(size=5)

loss, dW = tied_autoencoder(W, x)
numeric = eval_numerical_gradient(lambda W: tied_autoencoder(W, x)[0], W, verbose=False)

print(f"loss {loss:.4f}, gradient of shape {dW.shape}")
print(f"largest relative error {rel_error(dW, numeric):.1e}")

# %% numbers="right-and-wrong-gradient"
rel_error(dW, numeric)  # shown: < 1e-8
rel_error(np.outer(W @ x, W.T @ W @ x - x), numeric)  # shown: > 0.1

# %% exercise="backprop.tied_autoencoder"
check(tied_autoencoder)

# %% [markdown]
# ### What your gradient can do
#
# With $D = 2$ inputs and $M = 1$ hidden unit, $W = (w_1, w_2)$ is a point in the plane and the loss over a
# whole cloud of examples is a landscape. The arrows are your own gradient, downhill; the lines follow it
# from two starting points.

# %%
rng = np.random.default_rng(1)
turn = np.deg2rad(35)
axes_of_cloud = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
cloud = (rng.normal(size=(80, 2)) * [1.0, 0.3]) @ axes_of_cloud


def mean_loss_and_gradient(W, examples=cloud):
    """Average of your loss and gradient over all examples."""
    losses, gradients = zip(*(tied_autoencoder(W, x) for x in examples), strict=True)
    return np.mean(losses), np.mean(gradients, axis=0)


def descend(W, learning_rate=0.1, steps=150):
    """The points that gradient descent visits."""
    path = [W]
    for _ in range(steps):
        path.append(path[-1] - learning_rate * mean_loss_and_gradient(path[-1])[1])
    return np.concatenate(path)


starts = {"start A": np.array([[0.05, -1.3]]), "start B": np.array([[0.2, 1.3]])}
paths = {name: descend(start) for name, start in starts.items()}

# %% folded="Draw the loss in W, the two descents, and the direction that W keeps"
ticks = np.linspace(-1.5, 1.5, 25)
loss_map, grad_map = np.empty((25, 25)), np.empty((25, 25, 2))
for row, col in np.ndindex(25, 25):
    loss_map[row, col], gradient = mean_loss_and_gradient(np.array([[ticks[col], ticks[row]]]))
    grad_map[row, col] = gradient[0]

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
filled = left.contourf(ticks, ticks, np.log10(loss_map), levels=20, cmap="viridis")
fig.colorbar(filled, ax=left, label=r"$\log_{10}$ of the mean loss")
arrows = -grad_map / np.linalg.norm(grad_map, axis=2, keepdims=True).clip(1e-9)
left.quiver(ticks[::2], ticks[::2], arrows[::2, ::2, 0], arrows[::2, ::2, 1], color="white", alpha=0.7, scale=25)
for (name, path), colour in zip(paths.items(), ("#E69F00", "#CC79A7"), strict=True):
    left.plot(*path.T, color=colour, marker="", linewidth=2.5, label=name)
    left.scatter(*path[-1], color=colour, s=90, edgecolor="white", zorder=3)
left.set(xlabel="$w_1$", ylabel="$w_2$", title="The loss in $W$, and two descents", aspect="equal")
left.legend(loc="lower right", frameon=True)
left.grid(visible=False)

right.scatter(*cloud.T, s=14, color="0.6", label="examples")
for (name, path), colour in zip(paths.items(), ("#E69F00", "#CC79A7"), strict=True):
    right.annotate("", path[-1], (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2.5})
    right.plot([], [], color=colour, marker="", label=f"learned $W$, {name}")
right.set(xlabel="$x_1$", ylabel="$x_2$", title="The direction it keeps", aspect="equal")
right.legend(loc="lower right")
print("length of the learned W:", ", ".join(f"{np.linalg.norm(path[-1]):.3f}" for path in paths.values()))

# %% [markdown]
# **Question 2.** The two descents end in different places. Why do both reconstruct equally well? And what
# would happen to a descent that starts exactly at $W = 0$, or very close to it? (Try it: add a third start.)
# What kind of point is $W = 0$: a minimum, a maximum or a saddle?

# %% [markdown] written="autoencoder-landscape"
# ### BEGIN SOLUTION
# $W$ enters the loss only as $W^\top W$, which is the same for $W$ and $-W$. The two end points are
# opposite unit vectors along the direction in which the cloud is longest (its first principal component, up
# to the small mean of the cloud): $W^\top W$ is the projection onto it.
#
# At $W = 0$ both terms of the gradient vanish ($h = 0$ and $Wr = 0$), so descent never moves. It is no
# minimum, and no saddle either: for small $W$ the mean loss is
# $L(0) - \operatorname{tr}(W C W^\top)$ plus terms of fourth order, with $C$ the mean of $x x^\top$. The
# Hessian there is $-2C$, on this cloud with the eigenvalues −1.82 and −0.125: every direction leads down,
# and $W = 0$ is a strict local maximum. A start close to it gets away and ends at one of the two minima. (The
# saddles are the two unit vectors along the cloud's *short* axis.) One of the reasons why networks do not
# start at zero.
# ### END SOLUTION

# %% numbers="landscape"
second_moment = cloud.T @ cloud / len(cloud)
variances, directions = np.linalg.eigh(second_moment)


def hessian(W):
    """Numeric Hessian of the mean loss, from the derived gradient."""
    nudges = 1e-5 * np.eye(2)[:, None, :]
    return np.stack([(mean_loss_and_gradient(W + e)[1] - mean_loss_and_gradient(W - e)[1])[0] / 2e-5 for e in nudges])


at_zero = np.linalg.eigvalsh(hessian(np.zeros((1, 2))))
at_zero[0]  # shown: −1.82
at_zero[1]  # shown: −0.125
np.abs(at_zero + 2 * variances[::-1]).max()  # shown: < 1e-6
np.abs(mean_loss_and_gradient(np.zeros((1, 2)))[1]).max()  # shown: 0
short, long = directions.T
at_short = np.linalg.eigvalsh(hessian(short[None]))
np.abs(mean_loss_and_gradient(short[None])[1]).max()  # shown: < 1e-12
at_short[0] < -0.1 < 0.1 < at_short[1]  # shown: True
max(abs(np.linalg.norm(path[-1]) - 1) for path in paths.values())  # shown: < 1e-3
np.abs(sum(path[-1] for path in paths.values())).max()  # shown: < 1e-4
min(abs(path[-1] @ long) for path in paths.values())  # shown: > 0.99999
abs(np.linalg.eigh(np.cov(cloud.T))[1][:, -1] @ long)  # shown: > 0.9999
np.linalg.norm(descend(np.array([[1e-6, 1e-6]]))[-1])  # shown: 1.000

# %% [markdown]
# ### What it preserves
#
# Six inputs now, and two hidden units. The hundred examples are centred, and spread differently along six
# directions, the principal components. The code descends your gradient from three random starts and prints
# what it finds; the coloured fields show what share of each row of the learned $W$ lies along each component.

# %%
rng = np.random.default_rng(3)
mixing, _ = np.linalg.qr(rng.normal(size=(6, 6)))
examples = (rng.normal(size=(100, 6)) * [2.0, 1.5, 1.0, 0.6, 0.4, 0.2]) @ mixing.T
examples -= examples.mean(axis=0)
variances, components = np.linalg.eigh(examples.T @ examples / len(examples))
variances, components = variances[::-1], components.T[::-1]  # one component per row, the widest first

learned, histories = [], []
for seed in range(3):
    W, losses = 0.1 * np.random.default_rng(seed).normal(size=(2, 6)), []
    for _ in range(150):
        loss, dW = mean_loss_and_gradient(W, examples)
        W = W - 0.05 * dW
        losses.append(loss)
    learned.append(W)
    histories.append(losses)
    cosines = np.linalg.svd(W @ components[:2].T, compute_uv=False)
    angle = np.rad2deg(np.arccos(min(1.0, cosines.min())))  # largest one between the rows' plane and the components'
    print(f"start {seed}: loss {losses[-1]:.4f}, W Wᵀ = {((W @ W.T).round(3) + 0.0).tolist()}, ", end="")
    print(f"{angle:.3f}° away from the plane of components 1 and 2")
left_out = variances[2:].sum() / 2
print(f"half the variance along components 3 to 6: {left_out:.4f}")

# %% folded="Draw the three descents, and how much of each component the rows hold"
fig, axes = plt.subplots(1, 4, figsize=(13, 3.2), width_ratios=(2, 1, 1, 1), layout="constrained")
for seed, losses in enumerate(histories):
    axes[0].plot(losses, label=f"start {seed}")
axes[0].axhline(left_out, color="0.4", linewidth=1, linestyle=":", marker="")
axes[0].set(xlabel="step", ylabel="mean loss", title="Three descents")
axes[0].legend()
for seed, (ax, W) in enumerate(zip(axes[1:], learned, strict=True)):
    shares = (W @ components.T) ** 2
    shown = ax.imshow(shares, cmap="cividis", vmin=0, vmax=1)
    for row, col in np.ndindex(2, 6):
        value = shares[row, col]
        ax.text(col, row, f"{value:.2f}", ha="center", va="center", color="k" if value > 0.5 else "w", fontsize=7)
    ax.set_xticks(range(6), range(1, 7))
    ax.set_yticks(range(2), ["row 1", "row 2"])
    ax.set(title=f"start {seed}", xlabel="principal component")
    ax.grid(visible=False)
plt.show()

# %% [markdown]
# **Question 3.** A small loss says something about $h = Wx$, too. What about $x$ does $h$ preserve, and what
# is lost? Then compare with principal component analysis (PCA): what do $W W^\top$, the angle and the final
# loss tell you about $W^\top W$? Are the rows of $W$ the principal components?

# %% [markdown] written="autoencoder-pca"
# ### BEGIN SOLUTION
# $\hat x$ is computed from $h$ alone. A small loss means that $x$ can be rebuilt from $h$, so $h$ still holds
# almost all that tells the examples apart, in $M$ numbers instead of $D$. What is lost is the part of $x$
# that is orthogonal to the rows of $W$: examples that differ only there have the same $h$. The squared error
# decides what to give up: the directions in which the examples vary least.
#
# That is what PCA does. At the end $W W^\top = I$, so the rows are orthonormal, $W^\top W$ is an orthogonal
# projection and $\hat x$ is the projection of $x$ onto the plane of the rows. From every start this is the
# plane of the first two principal components, and the loss that remains is half the variance of the
# other four (0.7365 here): no two numbers per example can do better. The rows themselves are *not* the components but a
# turned basis of the same plane, another one from each start: for an orthogonal $Q$ the matrix $QW$ has the
# same $W^\top W$, and so the same loss. (PCA subtracts the mean first, which was done here. On data that are
# not centred the autoencoder finds the directions of largest second moment.)
# ### END SOLUTION

# %% numbers="subspace"
left_out  # shown: 0.7365
max(abs(losses[-1] - left_out) for losses in histories)  # shown: < 1e-6
max(np.abs(W @ W.T - np.eye(2)).max() for W in learned)  # shown: < 1e-3
max(np.abs(W.T @ W - components[:2].T @ components[:2]).max() for W in learned)  # shown: < 1e-3
min((((W @ components[:2].T) ** 2).max()) for W in learned) < 0.99  # shown: True
len({round(float(((W @ components[0]) ** 2)[0]), 1) for W in learned})  # shown: 3
len(examples)  # shown: 100

# %% [markdown]
# ## 3. A latent-variable model
#
# Now the other way round: we are given observations $Y \in \mathbb{R}^{N \times D}$ and look for
# *positions* $X \in \mathbb{R}^{N \times Q}$, with $Q$ small, that explain them. A Gaussian-process
# latent-variable model [(Lawrence, 2005)](https://www.jmlr.org/papers/v6/lawrence05a.html) says that each
# of the $D$ columns of $Y$ is a draw from a Gaussian whose covariance depends on where the points lie:
#
# $$K = \alpha X X^\top + \beta^{-1} I .$$
#
# Close positions, similar observations. Up to a constant, the logarithm of the probability of $Y$ is
#
# $$\mathcal{L}(X) =
# \underbrace{-\tfrac{D}{2} \log |K|}_{\text{volume: stay simple}}
# \;\underbrace{-\;\tfrac12 \operatorname{tr}\!\left(K^{-1} Y Y^\top\right)}_{\text{data fit: explain } Y} .$$
#
# To climb it we need $\partial \mathcal{L} / \partial X$, and the path from $X$ to $\mathcal{L}$ leads
# through $K$.
#
# ![Computation graph to fill in: X of shape (N, Q) enters K = α X Xᵀ + β⁻¹ I of shape (N, N). K goes both to −D/2 ·
# log |K|, the volume term, and to −½ · tr(K⁻¹ Y Yᵀ), the fit; a sum adds both, and a gradient of 1 comes back to
# each. Question marks stand for the other gradients.](gplvm-graph.svg)

# %% picture="gplvm-graph"
from utils.graph_drawing import Edge, draw_graph
from utils.vis_utils import course_style

course_style()
draw_graph(
    {
        "$X$": (0, 0.8),
        r"$\alpha X X^\top + \beta^{-1} I$": (3, 0.8),
        r"$-\frac{D}{2}\log|K|$": (6.8, 1.8),
        r"$-\frac{1}{2}\mathrm{tr}(K^{-1}YY^\top)$": (6.8, -0.2),
        "$+$": (10, 0.8),
    },
    [
        Edge("$X$", r"$\alpha X X^\top + \beta^{-1} I$", "$(N, Q)$", "?"),
        Edge(r"$\alpha X X^\top + \beta^{-1} I$", r"$-\frac{D}{2}\log|K|$", "$K$ $(N, N)$", "?"),
        Edge(
            r"$\alpha X X^\top + \beta^{-1} I$",
            r"$-\frac{1}{2}\mathrm{tr}(K^{-1}YY^\top)$",
            "$K$ $(N, N)$",
            "?",
        ),
        Edge(r"$-\frac{D}{2}\log|K|$", "$+$", "volume", "1"),
        Edge(r"$-\frac{1}{2}\mathrm{tr}(K^{-1}YY^\top)$", "$+$", "fit", "1"),
    ],
    title="Both terms reach X through K",
)

# %% [markdown]
# **On paper.** With matrices it is easiest to work with small changes. Write $dK$ for what happens to $K$
# when $X$ becomes $X + dX$; whatever you find, bring it into the form
# $d\mathcal{L} = \operatorname{tr}(G^\top dX)$. Then $G$ is the gradient. The tools:
#
# $$d \log|K| = \operatorname{tr}(K^{-1} dK), \qquad d(K^{-1}) = -K^{-1}\, dK\, K^{-1}, \qquad
# dK = \alpha\,(dX\, X^\top + X\, dX^\top),$$
# $$\operatorname{tr}(AB) = \operatorname{tr}(BA), \qquad \operatorname{tr}(A^\top) = \operatorname{tr}(A),
# \qquad K^\top = K .$$
#
# $X$ appears twice in $X X^\top$, so $dK$ has two terms. You know by now what to do with two.
#
# **Question 4.** Derive $\partial / \partial X$ of the volume term, and of the data fit.

# %% [markdown] written="gplvm-derivation"
# ### BEGIN SOLUTION
# For any symmetric $S$ the two terms of $dK$ give the same trace:
# $\operatorname{tr}(S\,dK) = \alpha \operatorname{tr}(S\,dX X^\top) + \alpha \operatorname{tr}(S X dX^\top) =
# \operatorname{tr}\big((2\alpha S X)^\top dX\big)$. So a gradient $S$ in $K$ becomes $2 \alpha S X$ in $X$.
#
# *Volume.* $d\big(-\tfrac{D}{2}\log|K|\big) = -\tfrac{D}{2}\operatorname{tr}(K^{-1} dK)$, so
# $S = -\tfrac{D}{2}K^{-1}$ and
# $$\frac{\partial}{\partial X}\Big(-\tfrac{D}{2}\log|K|\Big) = -\alpha D\, K^{-1} X .$$
#
# *Data fit.* $d\big(-\tfrac12 \operatorname{tr}(K^{-1} Y Y^\top)\big)
# = \tfrac12 \operatorname{tr}(K^{-1} dK\, K^{-1} Y Y^\top)
# = \tfrac12 \operatorname{tr}(K^{-1} Y Y^\top K^{-1} dK)$, so $S = \tfrac12 K^{-1} Y Y^\top K^{-1}$ and
# $$\frac{\partial}{\partial X}\Big(-\tfrac12 \operatorname{tr}(K^{-1} Y Y^\top)\Big)
# = \alpha\, K^{-1} Y Y^\top K^{-1} X .$$
# ### END SOLUTION

# %% [markdown]
# **In code.** Two habits worth having, before you start: ask for the *logarithm* of a determinant, and
# *solve* instead of inverting. The cell below shows what happens to the plain determinant as $N$ grows.

# %%
rng = np.random.default_rng(2)
for num_points in (10, 100, 200, 400):
    K = gplvm_kernel(rng.normal(size=(num_points, 2)), alpha=1.0, beta=100.0)
    print(f"N = {num_points:3d}:  |K| = {np.linalg.det(K):.3g},  log|K| = {np.linalg.slogdet(K).logabsdet:.1f}")

# %% numbers="underflow"
np.linalg.det(K)  # shown: 0
np.isfinite(np.linalg.slogdet(K).logabsdet)  # shown: True

# %% [markdown]
# Now write `gplvm_log_determinant` in `nndl/backprop.py`. `gplvm_kernel` gives you $K$,
# `np.linalg.solve(K, A)` gives you $K^{-1}A$.

# %% exercise="backprop.gplvm_log_determinant"
check(gplvm_log_determinant)

# %% [markdown]
# Then `gplvm_data_fit`. Its value does not need the $N \times N$ matrix $Y Y^\top$:
# $\operatorname{tr}(A^\top B)$ is the sum of the products of matching entries.

# %% exercise="backprop.gplvm_data_fit"
check(gplvm_data_fit)

# %% [markdown]
# And their sum, `gplvm_objective`. Values add, gradients add; call the two you have.

# %% exercise="backprop.gplvm_objective"
check(gplvm_objective)

# %% [markdown]
# ### A spiral out of noise
#
# Ninety points on a spiral in the plane are mapped to 12 numbers each by a random linear map, plus noise.
# The model gets only those $90 \times 12$ numbers and random starting positions. Climb your gradient, and
# watch.

# %%
rng = np.random.default_rng(0)
N, Q, D = 90, 2, 12
alpha, beta = 1.0, 100.0
along = np.linspace(0, 1, N)  # where on the spiral: only for the colours
spiral = (0.4 + along)[:, None] * np.stack([np.cos(3 * np.pi * along), np.sin(3 * np.pi * along)], axis=1)
Y = spiral @ rng.normal(size=(Q, D)) + rng.normal(scale=0.1, size=(N, D))

X = 0.1 * rng.normal(size=(N, Q))
step = 3e-4
kept, values = {0: X}, []
for iteration in range(1, 2001):
    value, dX = gplvm_objective(X, Y, alpha, beta)
    values.append(value)
    X = X + step * dX
    if iteration in (2, 10, 2000):
        kept[iteration] = X

# %% folded="Draw the positions on the way, and the log-likelihood"
fig, axes = plt.subplots(1, len(kept), figsize=(13, 3.6), layout="constrained")
for ax, (iteration, positions) in zip(axes, kept.items(), strict=True):
    points = ax.scatter(*positions.T, c=along, s=16, cmap="viridis")
    ax.set(xlabel="$x_1$", title=f"after {iteration} steps", aspect="equal")
axes[0].set_ylabel("$x_2$")
fig.colorbar(points, ax=axes, label="true place along the spiral")

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
ax.plot(np.arange(1, 2001), values)
ax.set(xlabel="step", ylabel=r"$\mathcal{L}(X)$", title="The log-likelihood on the way", xscale="log")
plt.show()

# %% [markdown]
# And what $K$ has learned: on the left how similar the observations really are, on the right how similar
# the model says they should be. Lower `beta` above, by factors of ten (it says how little noise to expect),
# and see when the spiral is lost.

# %% folded="Draw the covariances of the data and of the model"
fig, axes = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
pictures = {
    r"data: $Y Y^\top / D$": Y @ Y.T / D,
    "model before: $K$ at step 0": gplvm_kernel(kept[0], alpha, beta),
    "model after: $K$ at step 2000": gplvm_kernel(kept[2000], alpha, beta),
}
limit = max(abs(picture).max() for picture in pictures.values())
for ax, (title, picture) in zip(axes, pictures.items(), strict=True):
    shown = ax.imshow(picture, cmap="PuOr", vmin=-limit, vmax=limit)
    ax.set(title=title, xlabel="observation")
    ax.grid(visible=False)
axes[0].set_ylabel("observation")
fig.colorbar(shown, ax=axes, label="covariance")
plt.show()

# %% [markdown]
# **Question 5.** Run the climb again from other random positions (another seed, *after* `Y` is drawn). The
# spiral comes back turned, perhaps mirrored. Say why, from the formula of $K$. What does it tell you about
# the maximum of $\mathcal{L}$, and about the gradient in the direction of such a turn?

# %% [markdown] written="gplvm-rotation"
# ### BEGIN SOLUTION
# Turning or mirroring the positions means $X \to XR$ with $R R^\top = I$. Then
# $X R R^\top X^\top = X X^\top$: $K$, and with it $\mathcal{L}$, does not change. So there is no single
# best $X$, but a whole family $\{XR\}$ of equally good ones, and the start decides which one is reached.
# Along such a turn $\mathcal{L}$ is constant, so the gradient has no component in that direction: it never
# turns the picture, it only improves it.
# ### END SOLUTION


# %% numbers="climbs"
def climb(seed, beta=beta):
    """Where the climb ends from other random positions, or with another beta."""
    X = 0.1 * np.random.default_rng(seed).normal(size=(N, Q))
    for _ in range(2000):
        X = X + step * gplvm_objective(X, Y, alpha, beta)[1]
    return X


def apart(A, B):
    """Relative distance of A to B after the best turn, and whether that turn mirrors."""
    U, _, V = np.linalg.svd(A.T @ B)
    return np.linalg.norm(A @ U @ V - B) / np.linalg.norm(B), np.linalg.det(U @ V) < 0


def found(X):
    """Share of the spiral that a linear map of X gives."""
    return 1 - np.linalg.lstsq(X, spiral, rcond=None)[1].sum() / (spiral**2).sum()


others = [climb(seed) for seed in (1, 2)]
max(apart(other, X)[0] for other in others)  # shown: < 0.05
min(np.linalg.norm(other - X) / np.linalg.norm(X) for other in others)  # shown: > 0.5
[bool(apart(other, X)[1]) for other in others]  # shown: [False, True]
found(X)  # shown: > 0.99
found(climb(1, beta=1.0)) > 0.99 > 0.5 > found(climb(1, beta=0.01))  # shown: True
somewhere = others[0] + 0.1 * others[1]
uphill, turned = gplvm_objective(somewhere, Y, alpha, beta)[1], somewhere @ np.array([[0, 1], [-1, 0]])
abs((uphill * turned).sum()) / np.linalg.norm(uphill) / np.linalg.norm(turned)  # shown: < 1e-10

# %% [markdown]
# That was backpropagation without a network. In the next notebook the same two rules (multiply along a
# path, add at a fork) train one that looks at images.
#
# ## Further
#
# Ungraded, for those who want to go on. In each case say first what you expect, then try it.
#
# **Untie the two matrices.** Give the decoder a matrix of its own, $L = \frac12 \lVert U W x - x \rVert^2$,
# derive both gradients and start at zero. The maximum has turned into a saddle (take its Hessian). Known: the
# untied landscape has no minima but the global ones, and all other critical points are saddles. Do random
# starts leave the saddle faster or slower than the tied ones leave the maximum? P. Baldi, K. Hornik, "Neural
# networks and principal component analysis: learning from examples without local minima", *Neural Networks*,
# 1989.
#
# **From the plane to the components.** You saw a turned basis. Add $\frac{\lambda}{2}(\lVert U \rVert^2 +
# \lVert W \rVert^2)$ to the untied loss. Known: then $U = W^\top$ at every critical point, tied without being
# told, and the principal directions can be read off the singular vectors of $U$. Which of them get lost as
# $\lambda$ grows, and at which value? D. Kunin, J. Bloom, A. Goeva, C. Seed, "Loss landscapes of regularized
# linear autoencoders", *ICML* 2019.
#
# **The top of the climb.** For this kernel the best $X$ is known in closed form: with the $Q$ largest
# eigenvalues $\lambda_q$ of $Y Y^\top / D$ and their eigenvectors $u_q$, the columns $\sqrt{(\lambda_q -
# \beta^{-1}) / \alpha}\; u_q$, or any turn of them: probabilistic PCA. Check that your gradient vanishes
# there. How far below does the climb above end, and which step rule gets closer in as many steps? M. E.
# Tipping, C. M. Bishop, "Probabilistic principal component analysis", *Journal of the Royal Statistical
# Society B*, 1999.

# %% numbers="further"
# The Hessian of the untied loss at zero, M = 1: in second order there is nothing but −uᵀ C w.
untied_curvature = np.kron([[0, 1], [1, 0]], -second_moment)
np.linalg.eigvalsh(untied_curvature)[0] < -0.05 < 0.05 < np.linalg.eigvalsh(untied_curvature)[-1]  # shown: True
eigenvalues, eigenvectors = np.linalg.eigh(Y @ Y.T / D)
top = eigenvectors[:, -Q:] * np.sqrt((eigenvalues[-Q:] - 1 / beta) / alpha)
best, slope_there = gplvm_objective(top, Y, alpha, beta)
np.abs(slope_there).max()  # shown: < 1e-6
best > gplvm_objective(X, Y, alpha, beta)[0]  # shown: True
# Untied with a penalty: both matrices become each other's transpose, and directions of variance below λ get lost.
rng, lam = np.random.default_rng(0), 1.2
U, V = 0.1 * rng.normal(size=(6, 2)), 0.1 * rng.normal(size=(2, 6))
covariance = examples.T @ examples / len(examples)
for _ in range(3000):
    error = (U @ V - np.eye(6)) @ covariance
    U, V = U - 0.05 * (error @ V.T + lam * U), V - 0.05 * (U.T @ error + lam * V)
np.abs(U - V.T).max()  # shown: < 1e-6
np.abs(components[:2] @ np.linalg.svd(U)[0][:, :2]).max(axis=0).min()  # shown: > 0.999
np.abs(np.linalg.svd(U @ V)[1][:2] - (1 - lam / np.linalg.eigvalsh(covariance)[::-1][:2])).max()  # shown: < 1e-6
