# %% [markdown]
# # Going downhill faster
#
# A gradient says which way is down. How far to go, and what to remember of the steps before, is another
# question, and the answer decides whether a deep network learns in minutes or not at all. Here you write
# the update rules that are behind most trained networks, watch them on a landscape you can see, and
# race them on one you cannot.
#
# | | what you do | where |
# |---|---|---|
# | 1 | momentum, and Nesterov's version of it | `nndl/optim.py` |
# | 2 | AdaGrad, RMSProp and Adam | `nndl/optim.py` |
# | 3 | race all of them in a network of six layers | here |
# | 4 | train the best fully connected network you can | here |
#
# Copy your `nndl` files of the last assignment into this folder's `nndl`: from now on everything stands on
# them. The next cells say whether they have arrived in one piece.

# %% folded="Set-up: run this cell first"
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
from nndl.optim import adagrad, adam, rmsprop, sgd, sgd_momentum, sgd_nesterov_momentum
from utils.checks import check
from utils.cifar10 import CLASSES
from utils.data_utils import get_CIFAR10_data
from utils.experiments import run_each
from utils.explorers import OptimiserExplorer
from utils.known_values import show_known_values
from utils.offline_images import OFFLINE_CLASSES
from utils.solver import Solver
from utils.vis_utils import course_style, plot_history, show_confusion, show_net_weights

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


# %% folded="show_paths: draw paths in the ravine, and their heights"
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


# %%
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


# %% folded="two_steps: where two steps of a rule lead from w = 1"
def two_steps(rule, config):
    """Take two steps from w = 1, with the gradients 2 and then 1, and print where they lead."""
    w = np.array([1.0])
    for step, gradient in enumerate((2.0, 1.0), start=1):
        w, config = rule(w, np.array([gradient]), config)
        memory = {key: float(value[0]) for key, value in config.items() if np.ndim(value)}
        remembered = ", ".join(f"{key} = {value:.6g}" for key, value in memory.items())
        print(f"step {step}: w = {w[0]:.6f}, remembered: {remembered}")


# %%
two_steps(sgd_momentum, {"learning_rate": 0.1, "momentum": 0.9, "velocity": np.array([0.5])})

# %% numbers="two-steps-by-hand-figures"
w_1, settings = sgd_momentum(
    np.array([1.0]), np.array([2.0]), {"learning_rate": 0.1, "momentum": 0.9, "velocity": np.array([0.5])}
)
w_1[0]  # shown: 1.25
w_2, settings = sgd_momentum(w_1, np.array([1.0]), settings)
w_2[0]  # shown: 1.375
w_1, settings = sgd_nesterov_momentum(
    np.array([1.0]), np.array([2.0]), {"learning_rate": 0.1, "momentum": 0.9, "velocity": np.array([0.5])}
)
w_1[0]  # shown: 1.025
w_2, settings = sgd_nesterov_momentum(w_1, np.array([1.0]), settings)
w_2[0]  # shown: 1.0375
w_1, settings = adagrad(np.array([1.0]), np.array([2.0]), {"learning_rate": 0.1})
w_1[0]  # shown: 0.9
w_2, settings = adagrad(w_1, np.array([1.0]), settings)
w_2[0]  # shown: 0.855279
w_1, settings = rmsprop(np.array([1.0]), np.array([2.0]), {"learning_rate": 0.1, "decay_rate": 0.75})
w_1[0]  # shown: 0.8
w_2, settings = rmsprop(w_1, np.array([1.0]), settings)
w_2[0]  # shown: 0.7
w_1, settings = adam(np.array([1.0]), np.array([2.0]), {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.75})
w_1[0]  # shown: 0.9
w_2, settings = adam(w_1, np.array([1.0]), settings)
w_2[0]  # shown: 0.811808

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
# Two well-known courses, Stanford's CS231n and UCLA's ECE C147, print what these rules give for one table of numbers.
# Here are their values beside yours. They were printed with eight digits: errors of $10^{-7}$ are rounding.

# %% folded="The known steps of both rules beside yours"
table_w = np.linspace(-0.4, 0.6, num=20).reshape(4, 5)
table_dw = np.linspace(-0.6, 0.4, num=20).reshape(4, 5)
rising = np.linspace(0.6, 0.9, num=20).reshape(4, 5)  # what is remembered of the steps before

known_velocity = [
    [0.5406, 0.55475789, 0.56891579, 0.58307368, 0.59723158],
    [0.61138947, 0.62554737, 0.63970526, 0.65386316, 0.66802105],
    [0.68217895, 0.69633684, 0.71049474, 0.72465263, 0.73881053],
    [0.75296842, 0.76712632, 0.78128421, 0.79544211, 0.8096],
]
known_momentum = [
    [0.1406, 0.20738947, 0.27417895, 0.34096842, 0.40775789],
    [0.47454737, 0.54133684, 0.60812632, 0.67491579, 0.74170526],
    [0.80849474, 0.87528421, 0.94207368, 1.00886316, 1.07565263],
    [1.14244211, 1.20923158, 1.27602105, 1.34281053, 1.4096],
]
known_nesterov = [
    [0.08714, 0.15246105, 0.21778211, 0.28310316, 0.34842421],
    [0.41374526, 0.47906632, 0.54438737, 0.60970842, 0.67502947],
    [0.74035053, 0.80567158, 0.87099263, 0.93631368, 1.00163474],
    [1.06695579, 1.13227684, 1.19759789, 1.26291895, 1.32824],
]
for rule, known_w in ((sgd_momentum, known_momentum), (sgd_nesterov_momentum, known_nesterov)):
    next_w, config = rule(table_w, table_dw, {"learning_rate": 1e-3, "velocity": rising.copy()})
    print(rule.__name__)
    show_known_values({"next_w": known_w, "velocity": known_velocity}, {"next_w": next_w, **config})

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
# steep direction. After twenty steps momentum still swings about 0.3 to either side in $w_2$, Nesterov's version
# less than 0.01. The price is nothing: one gradient per step, as before.
# ### END SOLUTION

# %% numbers="momentum-in-the-ravine-figures"
heavy = walk(sgd_momentum, {"learning_rate": 0.03, "momentum": 0.9})
ahead = walk(sgd_nesterov_momentum, {"learning_rate": 0.03, "momentum": 0.9})
heavy[:, 0].max()  # shown: > 0.5
np.abs(walk(sgd_momentum, {"learning_rate": 0.03, "momentum": 0.99})[-10:]).max()  # shown: > 0.5
np.abs(heavy[20:30, 1]).max()  # shown: 0.3
np.abs(ahead[20:30, 1]).max()  # shown: < 0.01
constant = {"learning_rate": 1.0, "momentum": 0.9}
for _ in range(300):
    _, constant = sgd_momentum(np.zeros(1), np.ones(1), constant)
-constant["velocity"][0]  # shown: 10.00

# %% [markdown]
# ## 2. A step size for every parameter
#
# The ravine asked for small steps in one direction and large ones in the other. Why not measure how steep
# each direction is? **AdaGrad** [(Duchi, Hazan and Singer, 2011)](https://jmlr.org/papers/v12/duchi11a.html) sums,
# for every single entry of $w$, the squares of all its gradients so far, and divides by the root of the sum:
#
# $$a' = a + dw^2, \qquad w' = w - \frac{\eta}{\sqrt{a'} + \varepsilon}\, dw .$$
#
# All operations are entry by entry: each entry has a learning rate of its own, small where its gradients were large.
# $\varepsilon$ keeps the division away from 0. By hand, with $w = 1$, $\eta = 0.1$ and nothing remembered ($a = 0$;
# $\varepsilon$ is too small to see):
#
# | step | $dw$ | new $a$ | new $w$ |
# |---|---|---|---|
# | 1 | 2 | $0 + 2^2 = 4$ | $1 - 0.1 \cdot 2 / 2 = 0.9$ |
# | 2 | 1 | $4 + 1^2 = 5$ | $0.9 - 0.1 \cdot 1 / 2.2361 = 0.855279$ |

# %%
two_steps(adagrad, {"learning_rate": 0.1})

# %% exercise="optim.adagrad"
check(adagrad)

# %% [markdown]
# AdaGrad remembers everything. **RMSProp** forgets: it keeps a running mean of the squared gradient, in which old ones
# fade, and divides by its root:
#
# $$a' = \rho\, a + (1 - \rho)\, dw^2, \qquad w' = w - \eta\, \frac{dw}{\sqrt{a'} + \varepsilon} .$$
#
# Again entry by entry, and by hand, with $w = 1$, $\rho = 0.75$, $\eta = 0.1$ and nothing remembered ($a = 0$):
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
# The known values once more. Where other courses say `cache`, or `m` and `v`, this one says `a`, or `v` and `a`.

# %% folded="The known steps of RMSProp and Adam beside yours"
falling = np.linspace(0.7, 0.5, num=20).reshape(4, 5)

known_rmsprop = {
    "next_w": [
        [-0.39223849, -0.34037513, -0.28849239, -0.23659121, -0.18467247],
        [-0.132737, -0.08078555, -0.02881884, 0.02316247, 0.07515774],
        [0.12716641, 0.17918792, 0.23122175, 0.28326742, 0.33532447],
        [0.38739248, 0.43947102, 0.49155973, 0.54365823, 0.59576619],
    ],
    "a": [
        [0.5976, 0.6126277, 0.6277108, 0.64284931, 0.65804321],
        [0.67329252, 0.68859723, 0.70395734, 0.71937285, 0.73484377],
        [0.75037008, 0.7659518, 0.78158892, 0.79728144, 0.81302936],
        [0.82883269, 0.84469141, 0.86060554, 0.87657507, 0.8926],
    ],
}
known_adam = {
    "next_w": [
        [-0.40094747, -0.34836187, -0.29577703, -0.24319299, -0.19060977],
        [-0.1380274, -0.08544591, -0.03286534, 0.01971428, 0.0722929],
        [0.1248705, 0.17744702, 0.23002243, 0.28259667, 0.33516969],
        [0.38774145, 0.44031188, 0.49288093, 0.54544852, 0.59801459],
    ],
    "v": [
        [0.48, 0.49947368, 0.51894737, 0.53842105, 0.55789474],
        [0.57736842, 0.59684211, 0.61631579, 0.63578947, 0.65526316],
        [0.67473684, 0.69421053, 0.71368421, 0.73315789, 0.75263158],
        [0.77210526, 0.79157895, 0.81105263, 0.83052632, 0.85],
    ],
    "a": [
        [0.69966, 0.68908382, 0.67851319, 0.66794809, 0.65738853],
        [0.64683452, 0.63628604, 0.6257431, 0.61520571, 0.60467385],
        [0.59414753, 0.58362676, 0.57311152, 0.56260183, 0.55209767],
        [0.54159906, 0.53110598, 0.52061845, 0.51013645, 0.49966],
    ],
    "t": 6,
}
remembered = {"learning_rate": 1e-2, "v": rising.copy(), "a": falling.copy(), "t": 5}
for rule, known_values, config in (
    (rmsprop, known_rmsprop, {"learning_rate": 1e-2, "a": rising.copy()}),
    (adam, known_adam, remembered),
):
    next_w, config = rule(table_w, table_dw, config)
    print(rule.__name__)
    show_known_values(known_values, {"next_w": next_w, **config})

# %% [markdown]
# All six in the ravine, each at a learning rate that suits it. Then a place where the gradient is always 1: how long
# the steps of AdaGrad, RMSProp and Adam are there, and what Adam's would be without the correction.

# %%
show_paths(
    {
        "sgd": walk(sgd, {"learning_rate": 0.06}),
        "momentum": walk(sgd_momentum, {"learning_rate": 0.03}),
        "Nesterov": walk(sgd_nesterov_momentum, {"learning_rate": 0.03}),
        "AdaGrad": walk(adagrad, {"learning_rate": 0.4}),
        "RMSProp": walk(rmsprop, {"learning_rate": 0.1, "decay_rate": 0.9}),
        "Adam": walk(adam, {"learning_rate": 0.3}),
    },
    "Six rules, one ravine",
)


# %%
def step_lengths(rule, count=200):
    """How long a rule's steps are where the gradient is 1 at every step, in learning rates."""
    position, config, lengths = np.zeros(1), {"learning_rate": 1.0}, []
    for _ in range(count):
        moved, config = rule(position, np.ones(1), config)
        lengths.append(float(position[0] - moved[0]))
        position = moved
    return np.array(lengths)


steps = np.arange(1, 201)
uncorrected = (1 - 0.9**steps) / np.sqrt(1 - 0.999**steps)

# %% folded="Draw the lengths of the steps"
fig, axes = plt.subplots(1, 2, figsize=(11.5, 3.8), layout="constrained")
for name, rule in {"AdaGrad": adagrad, "RMSProp": rmsprop, "Adam": adam}.items():
    axes[0].loglog(steps, step_lengths(rule), label=name)
axes[1].plot(steps, uncorrected, label="without the correction")
axes[1].plot(steps, step_lengths(adam), label="your adam")
axes[0].set(xlabel="step", ylabel="length of the step / learning rate", title="Three adaptive rules")
axes[1].set(xlabel="step", ylim=(0, None), title="Adam's correction")
for ax in axes:
    ax.legend()
fig.suptitle("A gradient of 1 at every step")
plt.show()

# %% [markdown]
# **Question 2.** A network that is trained with AdaGrad learns well at first. Later its steps are so short that it
# hardly moves, although the loss is still high. Why does that happen? Would Adam have the same problem?

# %% [markdown] written="shrinking-steps"
# ### BEGIN SOLUTION
# The sum only grows. Where the gradient of an entry stays about $g$, the sum is $t\, g^2$ after $t$ steps, and the
# step is $\eta\, g / \sqrt{t\, g^2} = \eta / \sqrt t$: a tenth of the first one at step 100, a hundredth at step
# 10,000. And nothing is ever forgotten: the large gradients of the first steps, when the network knew nothing yet,
# make all later steps shorter. In the ravine that does no harm, because the gradients vanish on the way down and
# the sum comes to rest. The gradients of a network's minibatches do not vanish.
#
# Adam has not got this problem, and neither has RMSProp. They divide by the root of a running *mean*, which
# forgets: with $\beta_2 = 0.999$ a gradient is forgotten after some thousand steps, and while the gradients stay
# about as large as they are, so does the mean. In a constant gradient Adam's ten-thousandth step is as long as its
# first. The other side of it: Adam's steps do not become shorter by themselves near a minimum. That is left to you,
# with a learning rate that decays.
# ### END SOLUTION

# %% numbers="shrinking-steps-figures"
lengths = {rule.__name__: step_lengths(rule, 10_000) for rule in (adagrad, rmsprop, adam)}
lengths["adagrad"][99] / lengths["adagrad"][0]  # shown: 0.100
lengths["adagrad"][9999] / lengths["adagrad"][0]  # shown: 0.0100
lengths["adam"][9999] / lengths["adam"][0]  # shown: 1.000
lengths["rmsprop"][9999] / lengths["rmsprop"][999]  # shown: 1.000
0.999**5000  # shown: < 0.01

# %% [markdown]
# **Question 3.** Someone multiplies the loss by 1000. What happens to the steps of `sgd`, and what to those
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

# %% numbers="without-the-correction-figures"
np.sqrt(0.001)  # shown: 0.03
uncorrected[0]  # shown: 3.16
uncorrected[9]  # shown: > 6
scales = (0.3, 300.0)  # the same gradient, and a thousand times as much
plain, scaled = (rmsprop(np.zeros(1), np.array([dw]))[0][0] for dw in scales)
scaled / plain  # shown: 1.0000
plain, scaled = (adam(np.zeros(1), np.array([dw]))[0][0] for dw in scales)
scaled / plain  # shown: 1.0000

# %% [markdown]
# **Play with it.** Your six rules in a ravine, on a saddle and on a plateau. Which of them would you take where, and
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
    "adagrad": 1e-2,
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

# %% folded="Draw the race"
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

# %% folded="Draw the losses against the learning rate"
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
# **Question 4.** Who wins the race, and is it the same in all three panels? From the second picture: was the
# race fair to plain `sgd`, and to AdaGrad? Why do the valleys of RMSProp and Adam lie so far to the left?

# %% [markdown] written="reading-the-race"
# ### BEGIN SOLUTION
# (On the offline set.) On the training images Nesterov and Adam are in front, RMSProp, momentum and AdaGrad follow,
# and `sgd` is last by a wide margin: after five epochs it is where most of the others were after two. On the
# validation images the differences between these five shrink to a few points, and `sgd` is still behind: what the
# fast ones gain by learning their 4000 images by heart is not gained on new ones. A faster optimiser is not a
# better network; it is the same network, sooner.
#
# Not quite. Four of the others raced at the best of their six rates, or as good as that; `sgd` gets clearly lower
# at three times its own, and AdaGrad at a third. After one epoch at its best rate, AdaGrad is where Adam is. `sgd`
# is not: at its best rate it has a loss of 1.94 after one epoch, and all the others are below that.
#
# The rate of `sgd` multiplies a gradient, and that of Adam and RMSProp is itself about the length of a step in
# each entry. In this network most entries of the gradient are below 0.01 at the start, so that equal steps need a much
# larger number in front of the gradient.
# ### END SOLUTION

# %% numbers="the-race-figures"
final = {rule: np.mean(racer.loss_history[-20:]) for rule, racer in racers.items()}
bool(set(sorted(final, key=final.get)[:2]) == {"sgd_nesterov_momentum", "adam"})  # shown: True
max(final, key=final.get)  # shown: sgd
final["sgd"] - max(loss for rule, loss in final.items() if rule != "sgd")  # shown: > 0.1
fast = [racer for rule, racer in racers.items() if rule != "sgd"]
racers["sgd"].train_acc_history[5] - np.median([racer.train_acc_history[2] for racer in fast])  # shown: 0 ± 0.06
best_val = {rule: racer.best_val_acc for rule, racer in racers.items()}
max(best_val.values()) - min(value for rule, value in best_val.items() if rule != "sgd")  # shown: < 0.07
best_val["sgd"] - min(value for rule, value in best_val.items() if rule != "sgd")  # shown: < 0
lowest = {rule: min(sweep[rule, factor] for factor in factors) for rule in rates}
own = {rule: sweep[rule, 1] - lowest[rule] for rule in rates}
max(own[rule] for rule in ("sgd_momentum", "sgd_nesterov_momentum", "rmsprop", "adam"))  # shown: < 0.1
own["sgd"]  # shown: > 0.05
own["adagrad"]  # shown: > 0.1
bool(sweep["sgd", 3] == lowest["sgd"])  # shown: True
bool(sweep["adagrad", 0.3] == lowest["adagrad"])  # shown: True
lowest["adagrad"] - lowest["adam"]  # shown: 0 ± 0.06
lowest["sgd"]  # shown: 1.94 ± 0.05
max(value for rule, value in lowest.items() if rule != "sgd") - lowest["sgd"]  # shown: < 0
np.random.seed(0)
fresh = FullyConnectedNet([100] * 5, weight_scale=5e-2)
slopes = fresh.loss(data["X_train"][:100], data["y_train"][:100])[1]
np.median(np.abs(np.concatenate([slope.ravel() for slope in slopes.values()])))  # shown: < 0.01

# %% [markdown]
# ## 4. Your best network
#
# Now train the best fully connected network you can, on all training images: at least **50 %** on the
# validation set; 56 % has been reached. You have depth, widths, weight scale, regularisation, six rules,
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

confusion = show_confusion(data["y_test"], predicted, names, title=f"Test accuracy {test_accuracy:.1%}")
plt.show()

# %% [markdown]
# **Question 5.** Report: your validation and test accuracy; what you tried, in which order, and what each
# change brought. (The points follow the validation accuracy, $\min\left((a - 0.28)/0.22,\ 1\right)$, for a
# report that says how it was reached.)

# %% [markdown] written="best-net-report"
# ### BEGIN SOLUTION
# (On the offline set.) 56 % on the validation set, 53 % on the test set.
#
# First short runs: 5000 images, five epochs, some seconds each. *Rule:* Adam, which did well in the race and needs
# the least tuning. *Rate:* at $5 \cdot 10^{-3}$ nothing is learned; at $10^{-3}$ hidden layers of 200 and 100 units
# reach 42 %. *Depth:* with one more layer of 200, at $5 \cdot 10^{-4}$, 44 %. *Weight scale:* $2 \cdot 10^{-2}$; at
# $10^{-3}$ the same network gets 37 %. *Decay:* a rate that falls by a fifth after every epoch gave 45 %. With 1000
# validation images one standard error is 1.6 points, so the first rate and the first weight scale are ruled out,
# and the other differences may be luck.
#
# What helps most is more images: 20,000 in place of 5000, and nothing else changed, bring the network to 49 %. So the
# final run has all of them, eight epochs, and larger minibatches. In the end the training accuracy is more than
# ten points above the validation accuracy: the next thing to try is regularisation, not more training.
# ### END SOLUTION

# %% numbers="best-net-figures"
100 * best_solver.best_val_acc  # shown: 56 ± 3
100 * test_accuracy  # shown: 53 ± 3
100 * np.sqrt(0.5 * 0.5 / 1000)  # shown: 1.6
100 * (best_solver.train_acc_history[-1] - best_solver.val_acc_history[-1])  # shown: > 10


def probe(hidden, learning_rate, weight_scale=2e-2, lr_decay=1.0, count=5000):
    """Best validation accuracy of a short run, in percent."""
    np.random.seed(0)
    solver = Solver(
        FullyConnectedNet(hidden, weight_scale=weight_scale),
        first(count),
        update_rule="adam",
        optim_config={"learning_rate": learning_rate},
        lr_decay=lr_decay,
        batch_size=100 if count == 5000 else 200,
        num_epochs=5,
        verbose=False,
    )
    with np.errstate(all="ignore"):
        solver.train()
    return 100 * solver.best_val_acc


probe([200, 100], 5e-3)  # shown: < 20
probe([200, 100], 1e-3)  # shown: 42 ± 4
probe([200, 200, 100], 5e-4)  # shown: 44 ± 4
probe([200, 200, 100], 5e-4, weight_scale=1e-3)  # shown: 37 ± 4
probe([200, 200, 100], 5e-4, lr_decay=0.8)  # shown: 45 ± 4
probe([200, 200, 100], 5e-4, count=20_000)  # shown: 49 ± 3

# %% [markdown]
# ## Further
#
# Nothing here is graded. Some of it is open.
#
# **A slow start.** Large networks are often trained with a learning rate that rises from nearly 0 during the first
# steps, and Adam's first steps are the ones that need it most. The usual reason: $\sqrt{\hat a}$ rests on few
# gradients then, so that the length of a step is a matter of chance. Liu et al. make a correction of it that needs
# no rise ([On the variance of the adaptive learning rate and beyond](https://arxiv.org/abs/1908.03265), ICLR 2020).
# Is it the variance? Train the six layers at ten times Adam's rate with and without a rise over 50 steps, and
# measure how much the lengths of the steps scatter over seeds.
#
# **Flat minima.** Does a wide valley mean a better network on new images? Sharpness-aware minimisation takes the
# gradient not at $w$ but at the worst point near it, $w + \rho\, g / |g|$, and uses it at $w$
# ([Foret et al., Sharpness-aware minimization for efficiently improving
# generalization](https://arxiv.org/abs/2010.01412), ICLR 2021). It takes two gradients per step, and its authors find
# better accuracies on many sets of images. Why it works is argued about: in a network of ReLUs a valley can be made
# wider or narrower by rescaling two layers, and the network computes what it did before. With `net.loss` and any rule
# of yours it is a training loop of ten lines. Compare at equal *time*, not at equal steps.

# %% [markdown]
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

# %% folded="Draw what is left of the weights"
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
