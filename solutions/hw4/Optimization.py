# %% [markdown]
# # Going downhill faster
#
# A gradient says which way is down. How far to go, and what to remember of the steps before, is another
# question, and the answer decides whether a deep network learns in minutes or not at all. Here you write
# the four update rules that are behind most trained networks, watch them on a landscape you can see, and
# race them on one you cannot.
#
# | | what you do | where |
# |---|---|---|
# | 1 | momentum, and Nesterov's version of it | `nndl/optim.py` |
# | 2 | RMSProp and Adam | `nndl/optim.py` |
# | 3 | race all of them in a network of six layers | here |
# | 4 | train the best fully connected network you can | here |
#
# Copy your `nndl` files of the last assignment into this folder's `nndl`: from now on everything stands on
# them. The next cells say whether they have arrived in one piece.

# %%
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np

from nndl import optim
from nndl.fc_net import FullyConnectedNet
from nndl.layer_tests import (
    affine_backward_test,
    affine_forward_test,
    affine_relu_test,
    fc_net_test,
    relu_backward_test,
    relu_forward_test,
)
from nndl.optim import adam, rmsprop, sgd, sgd_momentum, sgd_nesterov_momentum
from utils.checks import check
from utils.cifar10 import CLASSES
from utils.data_utils import get_CIFAR10_data
from utils.experiments import run_each
from utils.explorers import OptimiserExplorer
from utils.offline_images import OFFLINE_CLASSES
from utils.solver import Solver
from utils.vis_utils import course_style, plot_history, show_net_weights

course_style()

# %%
affine_forward_test()
affine_backward_test()
relu_forward_test()
relu_backward_test()
affine_relu_test()
fc_net_test()

# %% [markdown]
# ## 1. Momentum
#
# An update rule is a function: parameter, gradient and settings in; new parameter and new settings out.
#
# ```python
# next_w, config = rule(w, dw, config)
# ```
#
# Plain descent, `sgd`, is given: $w \leftarrow w - \eta\, dw$. It needs no memory, so its `config` only
# holds the learning rate $\eta$. Every other rule remembers something from step to step, and `config` is
# where it does. What a rule does not find there (at the first step: nothing) gets its default.
#
# Why would anyone need more than `sgd`? Here is a ravine, steep across and nearly flat along:
#
# $$f(w) = \tfrac12 \left( w_1^2 + 30\, w_2^2 \right).$$


# %%
def ravine(w):
    """The height at w, and the gradient there."""
    curvature = np.array([1.0, 30.0])
    return 0.5 * np.sum(curvature * w**2), curvature * w


def walk(rule, config, start=(-3.0, 0.9), steps=60):
    """The points an update rule visits in the ravine, one per row."""
    path, config = [np.array(start)], dict(config)
    for _ in range(steps):
        _, slope = ravine(path[-1])
        w, config = rule(path[-1].copy(), slope, config)
        path.append(w)
    return np.array(path)


def show_paths(paths, title):
    """Draw paths on the ravine, one panel each, and beside them how fast each gets down."""
    side_1, side_2 = np.linspace(-3.4, 1.6, 120), np.linspace(-1.15, 1.15, 80)
    heights = 0.5 * (side_1**2 + 30 * side_2[:, None] ** 2)
    fig, axes = plt.subplot_mosaic(
        [[name, "speed"] for name in paths],
        figsize=(11.5, 1.75 * len(paths) + 0.8),
        width_ratios=[3, 2],
        layout="constrained",
    )
    for name, path in paths.items():
        ax = axes[name]
        ax.contour(side_1, side_2, heights, levels=np.geomspace(0.05, 20, 9), colors="0.75", linewidths=0.8)
        (line,) = axes["speed"].semilogy([ravine(w)[0] + 1e-12 for w in path], label=name)
        ax.plot(*path.T, color=line.get_color(), marker=line.get_marker(), markersize=3.5, linewidth=1.2)
        ax.plot(0, 0, color="black", marker="*", markersize=11, linestyle="none")
        ax.set(xlim=(-3.4, 1.6), ylim=(-1.15, 1.15), ylabel="$w_2$", title=name)
        ax.grid(visible=False)
        ax.tick_params(labelbottom=name == list(paths)[-1])
    ax.set_xlabel("$w_1$")
    axes["speed"].set(xlabel="step", ylabel="height f", title="How fast they get down", ylim=(1e-7, 50))
    axes["speed"].legend()
    fig.suptitle(title)
    plt.show()


show_paths(
    {f"sgd, learning rate {rate}": walk(sgd, {"learning_rate": rate}) for rate in (0.01, 0.04, 0.066)},
    "Plain descent: the star is where we want to be",
)

# %% [markdown]
# The steep direction sets the limit: with a learning rate above $2/30$ the walk leaps from wall to wall and
# away. And at any rate below it, the walk along the floor takes its time.
#
# **Momentum** gives the walker a mass. The velocity $v$ is a sum of all gradients so far, in which old ones
# fade:
#
# $$v' = \mu\, v - \eta\, dw, \qquad w' = w + v' .$$
#
# Across the ravine the gradients change their sign from step to step and cancel in the sum; along it they
# all agree and add up.
#
# Write `sgd_momentum` in `nndl/optim.py`. Two steps by hand, with $w = 1$, $\mu = 0.9$, $\eta = 0.1$ and
# $v = 0.5$ to begin with: the gradients are 2 and then 1.
#
# | step | $dw$ | new $v$ | new $w$ |
# |---|---|---|---|
# | 1 | 2 | $0.9 \cdot 0.5 - 0.1 \cdot 2 = 0.25$ | 1.25 |
# | 2 | 1 | $0.9 \cdot 0.25 - 0.1 \cdot 1 = 0.125$ | 1.375 |


# %%
def two_steps(rule, config):
    """Take two steps from w = 1, with the gradients 2 and then 1, and print where they lead."""
    w = np.array([1.0])
    for step, gradient in enumerate((2.0, 1.0), start=1):
        w, config = rule(w, np.array([gradient]), config)
        memory = {key: float(value[0]) for key, value in config.items() if np.ndim(value)}
        remembered = ", ".join(f"{key} = {value:.6g}" for key, value in memory.items())
        print(f"step {step}: w = {w[0]:.6f}, remembered: {remembered}")


two_steps(sgd_momentum, {"learning_rate": 0.1, "momentum": 0.9, "velocity": np.array([0.5])})

# %% exercise="optim.sgd_momentum"
check(sgd_momentum)

# %% [markdown]
# ### Look before you leap
#
# Momentum measures the slope where it stands, although it already knows that the velocity will carry it on
# to $w + \mu v$. Nesterov's version measures it *there*. To keep `rule(w, dw)` as it is, let the network
# hold the point ahead, $\tilde w = w + \mu v$. In that variable the rule becomes
#
# $$v' = \mu\, v - \eta\, dw, \qquad \tilde w' = \tilde w + v' + \mu\,(v' - v) .$$
#
# (Substitute $w = \tilde w - \mu v$ into $w' = w + v'$ if you would like to see why.) Mind that the formula
# needs the velocity before *and* after. By hand, from the same start:
#
# | step | $dw$ | new $v$ | new $\tilde w$ |
# |---|---|---|---|
# | 1 | 2 | $0.25$ | $1 + 0.25 + 0.9\,(0.25 - 0.5) = 1.025$ |
# | 2 | 1 | $0.125$ | $1.025 + 0.125 + 0.9\,(0.125 - 0.25) = 1.0375$ |

# %%
two_steps(sgd_nesterov_momentum, {"learning_rate": 0.1, "momentum": 0.9, "velocity": np.array([0.5])})

# %% exercise="optim.sgd_nesterov_momentum"
check(sgd_nesterov_momentum)

# %% [markdown]
# Back to the ravine, with your rules. Change `mass`: what do 0, 0.5 and 0.99 do?

# %%
mass, rate = 0.9, 0.03
show_paths(
    {
        "sgd": walk(sgd, {"learning_rate": rate}),
        "momentum": walk(sgd_momentum, {"learning_rate": rate, "momentum": mass}),
        "Nesterov": walk(sgd_nesterov_momentum, {"learning_rate": rate, "momentum": mass}),
    },
    f"The same learning rate, {rate}, for all three; momentum {mass}",
)

# %% [markdown]
# **Question 1.** Suppose the gradient is the same $g$ at every step. Which velocity does momentum approach,
# and how much longer than those of plain descent do its steps become? Use your answer to explain what
# the paths do along the ravine, and why they swing across it. What does Nesterov's look ahead change?

# %% [markdown] written="momentum-in-the-ravine"
# ### BEGIN SOLUTION
# The velocity settles where another step leaves it as it is: $v = \mu v - \eta g$, so
# $v = -\eta g / (1 - \mu)$. The steps become $1/(1-\mu)$ times as long, ten times for $\mu = 0.9$.
#
# Along the ravine the gradient hardly changes, so that is what happens: momentum runs up to ten times as
# fast and overshoots the minimum, because the velocity has to be worn off on the other side. Across it the
# gradient turns with the sign of $w_2$; much of it cancels, but what is left of the velocity carries the
# walker through the floor and up the other wall: it swings like a pendulum with little friction.
#
# Nesterov's version measures the slope where the velocity is about to take it. If that is already up the
# other wall, the gradient there brakes one step earlier, so the swings die out sooner, most of all in the
# steep direction. The price is nothing: one gradient per step, as before.
# ### END SOLUTION

# %% [markdown]
# ## 2. A step size for every parameter
#
# The ravine asked for small steps in one direction and large ones in the other. Why not measure how steep
# each direction is? **RMSProp** keeps, for every single entry of $w$, a running mean of its squared
# gradient, and divides by its root:
#
# $$a' = \rho\, a + (1 - \rho)\, dw^2, \qquad w' = w - \eta\, \frac{dw}{\sqrt{a'} + \varepsilon} .$$
#
# All operations are entry by entry. By hand, with $w = 1$, $\rho = 0.75$, $\eta = 0.1$ and nothing
# remembered ($a = 0$; $\varepsilon$ is too small to see):
#
# | step | $dw$ | new $a$ | new $w$ |
# |---|---|---|---|
# | 1 | 2 | $0.25 \cdot 2^2 = 1$ | $1 - 0.1 \cdot 2 / 1 = 0.8$ |
# | 2 | 1 | $0.75 \cdot 1 + 0.25 \cdot 1^2 = 1$ | $0.8 - 0.1 \cdot 1 / 1 = 0.7$ |

# %%
two_steps(rmsprop, {"learning_rate": 0.1, "decay_rate": 0.75})

# %% exercise="optim.rmsprop"
check(rmsprop)

# %% [markdown]
# **Adam** takes both ideas: a running mean $v$ of the gradient (momentum) over the root of a running mean
# $a$ of its square (RMSProp). Both means start at zero and are too small at first. After $t$ steps with a
# constant gradient $g$, $v = (1 - \beta_1^t)\, g$. So divide by what is missing:
#
# $$t' = t + 1, \qquad v' = \beta_1 v + (1 - \beta_1)\, dw, \qquad a' = \beta_2 a + (1 - \beta_2)\, dw^2,$$
# $$\hat v = \frac{v'}{1 - \beta_1^{t'}}, \qquad \hat a = \frac{a'}{1 - \beta_2^{t'}}, \qquad
# w' = w - \eta\, \frac{\hat v}{\sqrt{\hat a} + \varepsilon} .$$
#
# What is remembered are $v'$ and $a'$, not the corrected $\hat v$ and $\hat a$, and the count $t'$, without
# which the correction would stay at its first value. By hand, with $\beta_1 = 0.5$, $\beta_2 = 0.75$,
# $\eta = 0.1$:
#
# | step | $dw$ | $v'$ | $a'$ | $\hat v$ | $\hat a$ | new $w$ |
# |---|---|---|---|---|---|---|
# | 1 | 2 | 1 | 1 | $1 / 0.5 = 2$ | $1 / 0.25 = 4$ | $1 - 0.1 \cdot 2 / 2 = 0.9$ |
# | 2 | 1 | 1 | 1 | $1 / 0.75 = 1.\overline{3}$ | $1 / 0.4375 = 2.2857$ | $0.9 - 0.1 \cdot 1.3333 / 1.5119 = 0.811808$ |

# %%
two_steps(adam, {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.75})

# %% exercise="optim.adam"
check(adam)

# %% [markdown]
# All five in the ravine, each at a learning rate that suits it. A second picture looks at Adam's first
# steps in a place where the gradient is always 1: what your rule does, and what it would do without the
# correction.

# %%
show_paths(
    {
        "sgd": walk(sgd, {"learning_rate": 0.06}),
        "momentum": walk(sgd_momentum, {"learning_rate": 0.03}),
        "Nesterov": walk(sgd_nesterov_momentum, {"learning_rate": 0.03}),
        "RMSProp": walk(rmsprop, {"learning_rate": 0.1, "decay_rate": 0.9}),
        "Adam": walk(adam, {"learning_rate": 0.3}),
    },
    "Five rules, one ravine",
)

# %%
steps = np.arange(1, 201)
position, config, lengths = np.zeros(1), {"learning_rate": 1.0}, []
for _ in steps:
    moved, config = adam(position, np.ones(1), config)
    lengths.append(float(position[0] - moved[0]))
    position = moved
uncorrected = (1 - 0.9**steps) / np.sqrt(1 - 0.999**steps)

fig, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
ax.plot(steps, uncorrected, label="without the correction")
ax.plot(steps, lengths, label="your adam")
ax.set(xlabel="step", ylabel="length of the step / learning rate", ylim=(0, None))
ax.set_title("A gradient of 1 at every step")
ax.legend()
plt.show()

# %% [markdown]
# **Question 2.** Someone multiplies the loss by 1000. What happens to the steps of `sgd`, and what to those
# of RMSProp and Adam? What follows for choosing a learning rate? And what would Adam's first steps be like
# without the correction: too short or too long? Why, when *both* means start too small?

# %% [markdown] written="scale-and-correction"
# ### BEGIN SOLUTION
# All gradients are multiplied by 1000, and so are the steps of `sgd`: it probably diverges. In RMSProp and
# Adam the factor stands above and below the fraction line and cancels (but for $\varepsilon$). Their
# learning rate is a length: about how far an entry of $w$ moves in one step, whatever the loss is measured
# in. That is why a default such as $10^{-3}$ works for so many networks, while the best rate of `sgd` has
# to be found anew for each.
#
# Too long. After one step $v$ holds a share of 0.1 of the gradient and $\sqrt a$ a share of
# $\sqrt{0.001} \approx 0.03$ of its size: the denominator is further from its goal than the numerator, so
# that the first step is three times too long, and around the tenth step they are more than six times too
# long. That is just when the network knows least about where to go.
# ### END SOLUTION

# %% [markdown]
# **Play with it.** Your five rules in a ravine, on a saddle and on a plateau. Which of them would you take where, and
# which slider changes your mind?

# %%
OptimiserExplorer(optim, FullyConnectedNet)

# %% [markdown]
# ## 3. The race
#
# Six layers, 4000 images, five epochs, the same initial weights and the same minibatches for all. First the
# learning rates everyone quotes for these rules.

# %%
data = get_CIFAR10_data()
names = CLASSES if data["dataset"] == "cifar10" else OFFLINE_CLASSES


def first(count):
    """The data with only the first `count` training images."""
    return {**data, "X_train": data["X_train"][:count], "y_train": data["y_train"][:count]}


# %%
race_data = first(4000)
rates = {
    "sgd": 1e-2,
    "sgd_momentum": 1e-2,
    "sgd_nesterov_momentum": 1e-2,
    "rmsprop": 1e-4,
    "adam": 1e-3,
}


def race(rule, learning_rate=None, num_epochs=5):
    """Train the six-layer network with one rule; returns the solver."""
    np.random.seed(0)
    solver = Solver(
        FullyConnectedNet([100] * 5, weight_scale=5e-2),
        race_data,
        update_rule=rule,
        optim_config={"learning_rate": learning_rate or rates[rule]},
        batch_size=100,
        num_epochs=num_epochs,
        verbose=False,
    )
    with np.errstate(all="ignore"):  # a rate that is far too large may explode, and may be seen to
        solver.train()
    return solver


racers = run_each(race, rates, title="the race")

# %%
fig, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
for rule, solver in racers.items():
    smooth = np.convolve(solver.loss_history, np.full(10, 0.1), "valid")
    axes[0].plot(np.arange(10, 10 + len(smooth)), smooth, label=rule)
    axes[1].plot(solver.train_acc_history, markevery=1)
    axes[2].plot(solver.val_acc_history, markevery=1)
axes[0].set(xlabel="iteration", ylabel="loss, mean of 10 iterations", title="Loss")
axes[1].set(xlabel="epoch", ylabel="accuracy", title="Training accuracy")
axes[2].set(xlabel="epoch", title="Validation accuracy")
axes[2].sharey(axes[1])
fig.legend(loc="outside lower center", ncols=len(racers))
plt.show()
for rule, solver in racers.items():
    print(f"{rule:22} training {solver.train_acc_history[-1]:.1%}, best validation {solver.best_val_acc:.1%}")

# %% [markdown]
# A race is only as fair as its learning rates. So one epoch again, for each rule at six rates from its own
# default upwards and downwards. Where a line leaves the picture, the loss exploded.

# %%
factors = (0.03, 0.1, 0.3, 1, 3, 10)
sweep = run_each(
    lambda run: np.mean(race(run[0], run[1] * rates[run[0]], num_epochs=1).loss_history[-10:]),
    [(rule, factor) for rule in rates for factor in factors],
    title="learning rates",
)

fig, ax = plt.subplots(figsize=(8.5, 4.2), layout="constrained")
for rule, default in rates.items():
    done = [factor for factor in factors if (rule, factor) in sweep]
    losses = [sweep[rule, factor] for factor in done]
    ax.semilogx([default * factor for factor in done], losses, label=rule, markevery=1)
ax.axhline(np.log(10), color="0.4", linestyle=":", marker="", linewidth=1)
ax.annotate("guessing: ln 10", (4e-5, np.log(10)), (0, 4), textcoords="offset points")
ax.set(xlabel="learning rate", ylabel="loss after one epoch", ylim=(1.5, 3), title="Which rate suits which rule?")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# **Question 3.** Who wins the race, and is it the same in all three panels? From the second picture: was the
# race fair to plain `sgd`? Why do the valleys of RMSProp and Adam lie so far to the left?

# %% [markdown] written="reading-the-race"
# ### BEGIN SOLUTION
# (The figures depend on the data and the seed.) On the training images Nesterov and Adam are in front, plain
# momentum and RMSProp follow, and `sgd` is last by a wide margin: after five epochs it is where the others
# were after two. On the validation images the distances shrink to a few points, and the order in front changes
# from epoch to epoch: what the fast ones gain by learning their 4000 images by heart is not gained on new ones.
# A faster optimiser is not a better network; it is the same network, sooner.
#
# Not quite. The others raced at the best of their six rates, or next to it; `sgd` is clearly better at three
# times its own. But even there it does not get as low in one epoch as they do.
#
# The rate of `sgd` multiplies a gradient, and that of Adam and RMSProp is itself about the length of a step in
# each entry. In this network most entries of the gradient are far below 1, so that equal steps need a much larger
# number in front of the gradient.
# ### END SOLUTION

# %% [markdown]
# ## 4. Your best network
#
# Now train the best fully connected network you can, on all training images: at least **50 %** on the
# validation set, and 55 % is within reach. You have depth, widths, weight scale, regularisation, five rules,
# the decay of the learning rate, the batch size. Judge by the validation set, look at the test set once, at
# the end. You can come back when you know batch normalisation and dropout.
#
# Short runs on a part of the data (`first(5000)`) tell good settings from bad ones; train for long only with
# the good ones. The solver's bar shows the time left. If you stop it, the histories and the best weights so far are
# kept: go on with the next cell.

# %% solution="best-net"
best_net = None  # a FullyConnectedNet
best_solver = None  # its Solver, after training

### BEGIN SOLUTION
np.random.seed(0)
best_net = FullyConnectedNet([200, 200, 100], weight_scale=2e-2)
best_solver = Solver(
    best_net,
    data,
    update_rule="adam",
    optim_config={"learning_rate": 5e-4},
    lr_decay=0.8,
    batch_size=200,
    num_epochs=8,
    print_every=245,
)
best_solver.train()
### END SOLUTION

# %%
plot_history(best_solver)
plt.show()
show_net_weights(best_net.params["W1"][:, :64], title="What 64 of the first layer's units look for")
plt.show()

# %%
predicted = best_net.loss(data["X_test"]).argmax(axis=1)
test_accuracy = np.mean(predicted == data["y_test"])
print(f"best validation accuracy {best_solver.best_val_acc:.1%}, test accuracy {test_accuracy:.1%}")

confusion = np.zeros((10, 10))
np.add.at(confusion, (data["y_test"], predicted), 1)
confusion /= confusion.sum(axis=1, keepdims=True)

fig, ax = plt.subplots(figsize=(7, 6), layout="constrained")
shown = ax.imshow(confusion, cmap="cividis", vmin=0)
ax.set_xticks(range(10), names, rotation=45, ha="right")
ax.set_yticks(range(10), names)
ax.set(xlabel="predicted", ylabel="true", title=f"Test accuracy {test_accuracy:.1%}")
ax.grid(visible=False)
fig.colorbar(shown, label="share of the true class")
plt.show()

# %% [markdown]
# **Question 4.** Report: your validation and test accuracy; what you tried, in which order, and what each
# change brought. (The points follow the validation accuracy, $\min\left((a - 0.28)/0.22,\ 1\right)$, for a
# report that says how it was reached.)

# %% [markdown] written="best-net-report"
# ### BEGIN SOLUTION
# (On the offline set.) 54.8 % on the validation set, 53.2 % on the test set.
#
# *Rule:* Adam, which did best in the race and needed the least tuning. *Rate and depth:* hidden layers of 200
# and 100 units reached 52.7 % at a rate of $10^{-3}$ and 53.0 % at $5 \cdot 10^{-4}$; a third one of 200 brought
# them to 53.4 % and 54.8 %. *Decay:* with a constant rate the same network got 52.7 %, so the decay by a fifth
# per epoch is worth two points: late, small steps settle what early, large ones found. *Weight scale:*
# $2 \cdot 10^{-2}$, so that the activations neither vanish nor explode through four layers. *Penalty:*
# `reg=0.01` narrowed the gap between the accuracies, but did not raise the lower one.
#
# With 1000 validation images one point is less than the standard error of an accuracy (1.6 points), so that
# the smaller of these differences may be luck. In the end the training accuracy is fifteen points
# above the validation accuracy: the next thing to try is regularisation, not more training.
# ### END SOLUTION

# %% [markdown]
# ## Further
#
# ### To try: weight decay beside Adam
#
# *This one earns no points and need not be handed in: it is here for the fun of it.*
#
# An L2 penalty adds $\lambda w$ to the gradient. In `sgd` that takes the same share of every weight in each step, and
# is therefore called weight decay. In Adam it is not the same: $\lambda w$ goes into $\hat v$ and is divided by
# $\sqrt{\hat a}$ with the rest of the gradient, so that weights with large gradients hardly shrink at all. **AdamW**
# [(Loshchilov and Hutter, 2019, algorithm 2)](https://arxiv.org/abs/1711.05101) lets the weights decay beside the
# step, and keeps the moments to the gradient of the loss alone:
#
# $$w' = w - \eta \left( \frac{\hat v}{\sqrt{\hat a} + \varepsilon} + \lambda\, w \right).$$
#
# The authors find that it generalises better than Adam with a penalty, and that a good $\lambda$ depends much less
# on the learning rate; most large language models are trained with it today. (In the paper $\lambda$ already contains
# a factor $\eta$; the form above is that of `torch.optim.AdamW`.) Write `adamw` in `nndl/further.py`. The solver takes
# it as it is: `update_rule=adamw`.

# %% further="further.adamw"
from nndl.further import adamw

check(adamw)

# %% [markdown]
# A thousand weights, all 1 at the start, that the data says nothing about: their gradient is pure noise. Only the
# decay pulls at them. How much of them is left after 2000 steps, once with AdamW and once with the same $\lambda$ as a
# penalty in Adam, when the noise is weak and when it is strong?


# %%
def what_is_left(noise, decoupled, decay=0.5):
    """The mean of a thousand weights after 2000 steps in which their gradient is noise of this size."""
    rng, w = np.random.default_rng(0), np.ones(1000)
    config = {"learning_rate": 1e-3, **({"weight_decay": decay} if decoupled else {})}
    for _ in range(2000):
        dw = noise * rng.normal(size=w.shape)
        w, config = adamw(w, dw, config) if decoupled else adam(w, dw + decay * w, config)
    return w.mean()


noises = (0.1, 1.0, 10.0, 100.0)
left = {name: [what_is_left(noise, name == "AdamW") for noise in noises] for name in ("AdamW", "Adam with a penalty")}

fig, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
for name, means in left.items():
    ax.semilogx(noises, means, label=name, markevery=1)
ax.set(xlabel="size of the gradient's noise", ylabel="what is left of the weights", ylim=(-0.05, 1.1))
ax.legend(loc="center right")
plt.show()

# %% [markdown]
# With AdamW 0.37 is left, $(1 - \eta\lambda)^{2000}$, whatever the gradients are. With the penalty it is 0.03 where the
# noise is weakest and 0.99 where it is strongest: there the penalty may as well not be there.

# %% numbers="adamw-against-a-penalty"
left["AdamW"][0]  # shown: 0.37 ± 0.01
left["AdamW"][-1]  # shown: 0.37 ± 0.01
(1 - 1e-3 * 0.5) ** 2000  # shown: 0.37
left["Adam with a penalty"][0]  # shown: 0.03 ± 0.01
left["Adam with a penalty"][-1]  # shown: 0.99 ± 0.01
