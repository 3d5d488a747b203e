# %% [markdown]
# # Learning with gaps
#
# A large network learns a small training set by heart. Dropout
# [(Srivastava et al., 2014)](https://jmlr.org/papers/v15/srivastava14a.html) makes that hard: in every
# training step a random part of the hidden units is switched off. No unit can rely on a particular other
# one being there, so each has to be of use by itself, and what is left over at test time is something like
# the average of very many thinned-out networks.
#
# | | what you do | where |
# |---|---|---|
# | 1 | dropout, forward and backward | `nndl/layers.py` |
# | 2 | in a network, beside the normalisations | `hidden_forward`, `hidden_backward` in `nndl/fc_net.py` |
# | 3 | an experiment: 500 images, with and without | here, in code and in writing |
# | 4 | your best network, with all you have by now | here |

# %% folded="Set-up: run this cell first"
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np

from nndl.fc_net import FullyConnectedNet
from nndl.layers import dropout_backward, dropout_forward
from utils.checks import check
from utils.data_utils import get_CIFAR10_data
from utils.experiments import run_each
from utils.explorers import DropoutExplorer
from utils.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array, rel_error
from utils.known_values import show_known_values
from utils.solver import Solver
from utils.vis_utils import course_style, plot_history, show_images

course_style()

# %% [markdown]
# ## 1. The layer
#
# In training, every entry of $x$ is multiplied by an entry of a random mask:
#
# $$\text{out} = x \cdot \text{mask}, \qquad
# \text{mask} = \begin{cases} 0 & \text{with probability } p \\
# \frac{1}{1 - p} & \text{otherwise.} \end{cases}$$
#
# Here $p$ is the probability of *dropping* an entry, as in PyTorch. (Other courses and papers call the
# probability of keeping one $p$: look twice when you read.) The factor $1/(1-p)$ makes up for what is
# missing, so that at test time the layer has nothing to do: $\text{out} = x$. This form is called
# *inverted* dropout.
#
# Write `dropout_forward` in `nndl/layers.py`. Draw the mask from the `rng` that is there, one number for
# each entry of $x$, whatever its shape. A quick look, for several $p$:

# %%
rng = np.random.default_rng(0)
x = rng.normal(10, 1, size=(500, 400))
print(f"mean of x {x.mean():.3f}")
for p in (0.0, 0.25, 0.6, 0.9):
    in_training, _ = dropout_forward(x, {"mode": "train", "p": p})
    in_testing, _ = dropout_forward(x, {"mode": "test", "p": p})
    print(
        f"p = {p:4}   training: mean {in_training.mean():6.3f}, zeros {np.mean(in_training == 0):5.1%}"
        f"   test: mean {in_testing.mean():6.3f}, zeros {np.mean(in_testing == 0):.1%}"
    )

# %% exercise="layers.dropout_forward"
check(dropout_forward)

# %% [markdown]
# CS231n takes a table of 500 × 500 numbers. Its mean is known exactly. The share of zeros and the mean after dropping
# are known up to chance, because nobody draws the mask as you do: among 250,000 entries, expect the share to be off by
# up to 0.002.

# %%
np.random.seed(231)
x = np.random.randn(500, 500) + 10
known, yours = {"mean of x": 10.000207878477502}, {"mean of x": x.mean()}
for p in (0.25, 0.4, 0.7):
    out, _ = dropout_forward(x, {"mode": "train", "p": p})
    known |= {f"p = {p}: share of zeros": p, f"p = {p}: mean": x.mean()}
    yours |= {f"p = {p}: share of zeros": np.mean(out == 0), f"p = {p}: mean": out.mean()}
show_known_values(known, yours)

# %% numbers="chance"
2 * np.sqrt(0.5 * 0.5 / 500**2)  # shown: 0.002
500 * 500  # shown: 250,000

# %% [markdown]
# Masks are best seen on an image. (In a network it is the entries of hidden layers that are dropped, not pixels;
# the layer does not know the difference.) Each of the three colours of a pixel is an entry by itself.

# %%
data = get_CIFAR10_data()
image = data["X_train"][3:4] + data["mean_image"]

# %% folded="Draw the image with four dropout probabilities, and a mask of each"
fig, axes = plt.subplots(2, 4, figsize=(11, 6), layout="constrained")
for column, p in enumerate((0.0, 0.25, 0.5, 0.75)):
    thinned, (_, mask) = dropout_forward(image, {"mode": "train", "p": p, "seed": column})
    show_images(thinned * (1 - p), ax=axes[0, column], title=f"p = {p}")
    axes[1, column].imshow(mask[0, 0] > 0, cmap="cividis", vmin=0, vmax=1)
    axes[1, column].set_axis_off()
    axes[1, column].set_title(f"mask of the red: {np.mean(mask[0, 0] == 0):.0%} dropped")
fig.suptitle("Shown without the factor 1 / (1 − p), which would only make the pixels overflow")
plt.show()

# %% [markdown]
# Every single output is wrong, and on average all are right. Here is how the mean over more and more masks
# comes closer to $x$, and how much longer it takes when more is dropped.

# %%
counts = np.unique(np.logspace(0, 3, 25).astype(int))
x = np.random.default_rng(1).normal(size=400)
np.random.seed(0)

# %% folded="Average over more and more masks, and draw the error"
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
for p in (0.25, 0.5, 0.75, 0.9):
    draws = np.array([dropout_forward(x, {"mode": "train", "p": p})[0] for _ in range(counts[-1])])
    errors = [np.sqrt(np.mean((draws[:count].mean(axis=0) - x) ** 2)) for count in counts]
    ax.loglog(counts, errors, label=f"p = {p}", markevery=4)
ax.set(xlabel="masks averaged over", ylabel="error of the mean (x has spread 1)", title="Right on average")
ax.legend()
plt.show()

# %% [markdown]
# **Question 1.** What would go wrong without the factor $1/(1 - p)$, if nothing else were changed? There is
# another way to put it right, at test time. Which, and why is the inverted form preferred?

# %% [markdown] written="why-inverted"
# ### BEGIN SOLUTION
# In training a unit's output would be $x$ with probability $1 - p$ and else 0, on average $(1 - p)\,x$. At
# test time it would be $x$. The next layer has learned with inputs that are smaller by the factor $1 - p$;
# now its sums are too large by $1/(1 - p)$, twice for $p = 0.5$, and layer after layer multiplies that.
#
# The other way is to multiply by $1 - p$ at test time. It gives the same averages. The inverted form does all
# its work in training, so that the network that is used in the end contains nothing of dropout, costs nothing
# extra, and need not know the $p$ it was trained with. One can also change $p$ from run to run, or during
# training, without touching the test-time code.
# ### END SOLUTION

# %% [markdown]
# ### Dropout, backward
#
# The mask is in the cache. A dropped entry had no influence on the output; a kept one had $1/(1-p)$ times its usual
# influence. Write `dropout_backward`, for both modes. With a `seed` every call draws the
# same mask, which is what makes a numeric gradient possible:


# %% folded="look_at_dropout: the gradient against the numeric one"
def look_at_dropout(p, shape=(3, 4, 5)):
    """Print how well the gradient of dropout agrees with the numeric one."""
    rng = np.random.default_rng(2)
    x, dout = rng.normal(size=shape), rng.normal(size=shape)
    dropout_param = {"mode": "train", "p": p, "seed": 7}
    dx = dropout_backward(dout, dropout_forward(x, dropout_param)[1])
    numeric = eval_numerical_gradient_array(lambda v: dropout_forward(v, dropout_param)[0], x, dout)
    print(f"p = {p}: largest relative error {rel_error(dx, numeric):.1e}")


# %%
for p in (0.0, 0.2, 0.7):
    look_at_dropout(p)

# %% exercise="layers.dropout_backward"
check(dropout_backward)

# %% [markdown]
# ## 2. In a network
#
# A hidden layer of `FullyConnectedNet` is now complete:
#
# $$\text{affine} - [\text{normalisation}] - \text{ReLU} - [\text{dropout}] .$$
#
# Finish `hidden_forward` and `hidden_backward` in `nndl/fc_net.py`. Either bracket may be there or not: a
# network may have batch normalisation without dropout, dropout without normalisation, or both. The scores are
# never dropped. First numeric gradients, with fixed masks:


# %% folded="look_at_net: first loss and gradients of a small network"
def look_at_net(dropout, normalization=None):
    """Print the first loss of a small network and how well its gradients agree with numeric ones."""
    np.random.seed(0)
    X, y = np.random.randn(6, 15), np.array([3, 8, 0, 1, 3, 9])
    net = FullyConnectedNet(
        [20, 30],
        input_dim=15,
        dropout=dropout,
        normalization=normalization,
        reg=0.5,
        weight_scale=5e-2,
        dtype=np.float64,
        seed=123,
    )
    loss, grads = net.loss(X, y)
    worst = 0.0
    for name, value in net.params.items():
        numeric = eval_numerical_gradient(lambda _: net.loss(X, y)[0], value, verbose=False)
        worst = max(worst, np.abs(grads[name] - numeric).max() / max(1e-3, np.abs(numeric).max()))
    print(f"dropout {dropout:4}, normalisation {normalization}: first loss {loss:.4f}, largest error {worst:.0e}")


# %%
for dropout in (0.0, 0.25, 0.5):
    look_at_net(dropout)
look_at_net(0.25, "batchnorm")
look_at_net(0.25, "layernorm")

# %% [markdown]
# And the first loss that CS231n prints for a network of this size without dropout:

# %%
np.random.seed(231)
X, y = np.random.randn(2, 15), np.random.randint(10, size=2)
net = FullyConnectedNet([20, 30], input_dim=15, weight_scale=5e-2, dtype=np.float64)
show_known_values({"first loss": 2.3004790897684924}, {"first loss": net.loss(X, y)[0]})

# %% exercise="fc_net.FullyConnectedNet.hidden_forward"
check(FullyConnectedNet.hidden_forward)

# %% exercise="fc_net.FullyConnectedNet.hidden_backward"
check(FullyConnectedNet.hidden_backward)

# %% [markdown]
# ## 3. Does it regularise?
#
# Five hundred images and five hundred hidden units: a network that can learn its training set by heart, and
# will. Train it for 25 epochs with Adam, without dropout and with more and more of it.

# %%
small_data = {**data, "X_train": data["X_train"][:500], "y_train": data["y_train"][:500]}


def train(dropout, hidden=500):
    """Train a two-layer network on five hundred images; returns the solver."""
    np.random.seed(0)
    solver = Solver(
        FullyConnectedNet([hidden], dropout=dropout),
        small_data,
        update_rule="adam",
        optim_config={"learning_rate": 5e-4},
        batch_size=100,
        num_epochs=25,
        verbose=False,
    )
    solver.train()
    return solver


runs = run_each(train, (0.0, 0.25, 0.5, 0.75), title="dropout")

# %% folded="Draw the losses and the accuracies"
fig, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
for p, solver in runs.items():
    per_epoch = len(solver.loss_history) // solver.num_epochs
    axes[0].semilogy(np.reshape(solver.loss_history, (-1, per_epoch)).mean(axis=1), label=f"p = {p}")
    axes[1].plot(solver.train_acc_history)
    axes[2].plot(solver.val_acc_history)
axes[0].set(xlabel="epoch", ylabel="loss in training, mean of an epoch", title="Loss")
axes[1].set(xlabel="epoch", ylabel="accuracy", title="Training accuracy (measured in test mode)")
axes[2].set(xlabel="epoch", ylabel="accuracy", title="Validation accuracy")
fig.legend(loc="outside lower center", ncols=len(runs))
plt.show()

# %% [markdown]
# Five hundred images make noisy curves. The means of the last ten epochs say it more quietly:

# %%
last_ten = {
    "training": [np.mean(solver.train_acc_history[-10:]) for solver in runs.values()],
    "validation": [np.mean(solver.val_acc_history[-10:]) for solver in runs.values()],
}

# %% folded="Draw the accuracies against p"
fig, ax = plt.subplots(figsize=(7.5, 3.8), layout="constrained")
for name, accuracies in last_ten.items():
    (line,) = ax.plot(list(runs), accuracies, label=name, markevery=1)
    for p, accuracy in zip(runs, accuracies, strict=True):
        ax.annotate(f"{accuracy:.1%}", (p, accuracy), (0, 7), textcoords="offset points", ha="center")
ax.set(xlabel="probability of dropping, p", ylabel="accuracy", ylim=(0, 1.1), xticks=list(runs))
ax.set_title("Mean of the last ten epochs")
ax.legend(loc="center right")
plt.show()

# %% [markdown]
# **Play with it.** The mask of one layer, the average over many passes, and the gap for any $p$: how many passes
# does it take until an average comes to rest, and why more of them for a large $p$?

# %%
DropoutExplorer(FullyConnectedNet)

# %% [markdown]
# **Question 2.** Compare the runs with and without dropout: training accuracy, validation accuracy, and the
# gap between them. What does it say about dropout as a regulariser? Why is the loss of the runs with much
# dropout so high, although their accuracy is not bad?

# %% [markdown] written="does-it-regularise"
# ### BEGIN SOLUTION
# (On the offline set, averaged over the last ten epochs.) Without dropout the network gets nearly all of its five
# hundred images right, 96 %, and less than a third of new ones, 31 %. The more is dropped, the less it learns by
# heart: at $p = 0.75$ the training accuracy is 84 %. The validation accuracy does not suffer; it is a few points
# higher, 34 %. So the gap becomes smaller mainly from above, and a little from below: dropout is a regulariser. It
# does not replace data; with so few images no regulariser gets far.
#
# The loss in training is that of thinned networks: at $p = 0.75$ three quarters of the units are missing and
# the others are four times as loud, so that the scores are thrown about and the softmax is often very sure
# of something wrong. At the end the loss is above 4 there, more than guessing costs, $\ln 10 = 2.3$, and below 1
# without dropout. The accuracies are measured in test mode, with all units. It is the same
# network, asked in another way, and the two are not to be compared.
# ### END SOLUTION

# %% numbers="does-it-regularise-figures"
100 * last_ten["training"][0]  # shown: 96 ± 3
100 * last_ten["training"][3]  # shown: 84 ± 4
100 * last_ten["validation"][0]  # shown: 31 ± 2.5
100 * last_ten["validation"][3]  # shown: 34 ± 3
100 * (last_ten["validation"][3] - last_ten["validation"][0])  # shown: > 0
np.log(10)  # shown: 2.3
np.mean(runs[0.75].loss_history[-25:])  # shown: > 4
np.mean(runs[0.0].loss_history[-25:])  # shown: < 1

# %% [markdown]
# **Question 3.** You have found a good $p$ for 500 hidden units and now have to make the network smaller,
# for a phone: 50 hidden units. How would you change $p$, if at all?

# %% [markdown] written="smaller-network"
# ### BEGIN SOLUTION
# Lower it, if at all. With $p = 0.5$, 250 of 500 units take part in each step, still more than enough for five
# hundred images; of 50 only 25 do, and dropping takes away more of what the network can express. Measured, with
# $p = 0.75$: the network of 500 units still learns 84 % of its images, that of 50 units only 68 %. As a rule a smaller
# network is also less able to learn by heart, and needs less regularisation.
#
# Whether it needs any shows in how far the two accuracies are apart. On these five hundred images they are far apart
# for 50 units, too: 98 % against 31 % without dropout, and $p = 0.5$ does no harm on new images. With many more images,
# which 50 units could not learn by heart, they would be close together from the beginning, and dropout would only make
# the network smaller still.
# ### END SOLUTION

# %% numbers="smaller-network-figures"
smaller = {p: train(p, hidden=50) for p in (0.0, 0.5, 0.75)}
late = {p: 100 * np.mean(solver.train_acc_history[-10:]) for p, solver in smaller.items()}
late_val = {p: 100 * np.mean(solver.val_acc_history[-10:]) for p, solver in smaller.items()}
500 * 0.5  # shown: 250
late[0.75]  # shown: 68 ± 6
late[0.0]  # shown: 98 ± 2
late_val[0.0]  # shown: 31 ± 3
late_val[0.5] - late_val[0.0]  # shown: > -2

# %% [markdown]
# ## 4. Your best network, again
#
# Adam, batch normalisation, dropout: train the best fully connected network you can, on all training images.
# At least **50 %** on the validation set; see whether you can beat the one from the first notebook.

# %% solution="best-dropout-net"
best_net = None  # a FullyConnectedNet
best_solver = None  # its Solver, after training

### BEGIN SOLUTION
np.random.seed(0)
best_net = FullyConnectedNet([200, 200, 100], normalization="batchnorm", dropout=0.1, weight_scale=2e-2)
best_solver = Solver(
    best_net,
    data,
    update_rule="adam",
    optim_config={"learning_rate": 1e-3},
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
test_accuracy = best_solver.check_accuracy(data["X_test"], data["y_test"])
print(f"best validation accuracy {best_solver.best_val_acc:.1%}, test accuracy {test_accuracy:.1%}")

# %% [markdown]
# **Question 4.** Report: your validation and test accuracy, what you tried, and what each part brought. Is
# more training still useful, or more regularisation? (Points as in the first notebook: they follow the
# validation accuracy $a$, $\min\left((a - 0.28)/0.22,\ 1\right)$, for a report that says how it was reached.)

# %% [markdown] written="best-dropout-report"
# ### BEGIN SOLUTION
# (On the offline set.) 54 % on the validation set, 53 % on the test set.
#
# Short runs first: 5000 images, five epochs, hidden layers of 200, 200 and 100 units. *Batch normalisation:* 43 %
# without and 44 % with it, at the same rate: in a network that is not deep it brings little. *Dropout*, added to
# it: 45 % with $p = 0.25$ and 43 % with 0.5. With 1000 validation images, where one standard error is 1.6 points,
# none of these is clearly better than another. What does change is how far the two accuracies are apart: 19 points
# without dropout, 9 with $p = 0.25$, and no more than 5 with 0.5.
#
# *More training:* ten epochs instead of five widen the gap without dropout to more than 30 points, and the validation
# accuracy rises by a few. With $p = 0.25$ it rises as well, and the gap stays below 22. So a network with dropout
# can be trained for longer, and has to be: it learns more slowly.
#
# On all images the gap is smaller from the beginning, and a little dropout, $p = 0.1$, leaves about ten points of it
# after eight epochs. This network does not beat that of the first notebook, which is of the same size and has neither
# batch normalisation nor dropout. More training, and a larger network, which dropout makes affordable, come next; more
# regularisation does not.
# ### END SOLUTION

# %% numbers="best-dropout-figures"
100 * best_solver.best_val_acc  # shown: 54 ± 2.5
100 * test_accuracy  # shown: 53 ± 3
100 * (best_solver.train_acc_history[-1] - best_solver.val_acc_history[-1])  # shown: 10 ± 5
100 * np.sqrt(0.5 * 0.5 / 1000)  # shown: 1.6
few = {**data, "X_train": data["X_train"][:5000], "y_train": data["y_train"][:5000]}


def probe(normalization, dropout, num_epochs=5):
    """Best validation accuracy of a short run, and its final gap, in percent."""
    np.random.seed(0)
    solver = Solver(
        FullyConnectedNet([200, 200, 100], normalization=normalization, dropout=dropout, weight_scale=2e-2),
        few,
        update_rule="adam",
        optim_config={"learning_rate": 1e-3},
        lr_decay=0.8,
        num_epochs=num_epochs,
        verbose=False,
    )
    solver.train()
    return 100 * solver.best_val_acc, 100 * (solver.train_acc_history[-1] - solver.val_acc_history[-1])


neither, alone, quarter, half = probe(None, 0), probe("batchnorm", 0), probe("batchnorm", 0.25), probe("batchnorm", 0.5)
neither[0]  # shown: 43 ± 4
alone[0]  # shown: 44 ± 4
quarter[0]  # shown: 45 ± 4
half[0]  # shown: 43 ± 4
alone[1]  # shown: 19 ± 8
quarter[1]  # shown: 9 ± 6
half[1]  # shown: < 5
longer, longer_quarter = probe("batchnorm", 0, 10), probe("batchnorm", 0.25, 10)
longer[1]  # shown: > 30
longer[0] - alone[0]  # shown: 3 ± 4
longer_quarter[0] - quarter[0]  # shown: > -1
longer_quarter[1]  # shown: < 22

# %% [markdown]
# ## Further
#
# Nothing here is graded. Some of it is open.
#
# **How sure is the network?** Leave dropout on at test time, ask the same image a hundred times, and look at how
# much the answers differ. Gal and Ghahramani read the spread as the uncertainty of a Bayesian model ([Dropout as a
# Bayesian approximation](https://arxiv.org/abs/1506.02142), ICML 2016). Is the spread larger for the images that
# are labelled wrongly? For pictures of noise? The spread depends on $p$ and does not vanish with more data, and
# whether it deserves the name of a probability is disputed.
#
# **Dropout and batch normalisation together.** Dropout changes the variance of what it hands on, and only in
# training. A batch normalisation behind it keeps running variances that are wrong at test time ([Li et al.,
# Understanding the disharmony between dropout and batch normalization by variance
# shift](https://arxiv.org/abs/1801.05134), CVPR 2019). In your network: compare the running variances with those in
# test mode, layer by layer, for $p = 0.5$. Is it better to drop after the last normalisation only, or to measure
# the running statistics again at the end, with dropout off?

# %% [markdown]
# ### To try: a limit for the weights
#
# *This one earns no points and need not be handed in: it is here for the fun of it.*
#
# The paper that introduced dropout hardly ever uses it alone. It adds a **max-norm constraint**
# [(Srivastava et al., 2014, section 5)](https://jmlr.org/papers/v15/srivastava14a.html): the weights $w_m$ that come
# into a hidden unit, a column of $w$, may not be longer than a fixed $c$. After every step of the optimiser,
#
# $$w_m \leftarrow w_m \cdot \min\left(1, \frac{c}{\lVert w_m \rVert_2}\right).$$
#
# A penalty pulls at all weights all the time; this leaves short columns in peace and stops long ones. The authors find
# that it goes well with dropout because it allows learning rates at which the weights would otherwise blow up: large
# steps search more of the space, and the noise of dropout does not carry them away. (They use $c$ around 3 for inputs
# of size 1. Our pixels have a spread of about 60, hence the 0.05 below.) Write `max_norm` in `nndl/further.py`.

# %% further="further.max_norm"
from nndl.further import max_norm

check(max_norm)

# %% [markdown]
# Any update rule becomes a constrained one when it is wrapped. Half of the hidden units dropped, momentum, and a
# learning rate that is too large: once as it is, once with a limit.

# %%
from nndl.optim import sgd_momentum


def constrained(limit):
    """Momentum whose weight matrices (not biases) stay below a limit; plain momentum for None."""

    def rule(w, dw, config):
        next_w, config = sgd_momentum(w, dw, config)
        return (next_w if limit is None or next_w.ndim < 2 else max_norm(next_w, limit)), config

    return rule


def train_limited(limit):
    """Train a network on five hundred images with a large learning rate; returns the solver."""
    np.random.seed(0)
    solver = Solver(
        FullyConnectedNet([200], dropout=0.5),
        small_data,
        update_rule=constrained(limit),
        optim_config={"learning_rate": 1e-3},
        batch_size=100,
        num_epochs=10,
        verbose=False,
    )
    solver.train()
    return solver


limited = {limit: train_limited(limit) for limit in (None, 0.05)}
for limit, solver in limited.items():
    longest = np.linalg.norm(solver.model.params["W1"], axis=0).max()
    print(
        f"limit {limit}: loss {np.mean(solver.loss_history[-5:]):.3g} in the last epoch, longest column {longest:.2f}, "
        f"validation accuracy {solver.val_acc_history[-1]:.1%}"
    )

# %% [markdown]
# Without a limit the loss of the last epoch is above 100; with it, it is below 3, and the validation accuracy is higher
# by at least 2 points. Does it still help at a learning rate of $10^{-4}$, which suits the network by itself?

# %% numbers="max-norm"
float(np.mean(limited[None].loss_history[-5:]))  # shown: > 100
float(np.mean(limited[0.05].loss_history[-5:]))  # shown: < 3
100 * (limited[0.05].val_acc_history[-1] - limited[None].val_acc_history[-1])  # shown: > 2
float(data["X_train"].std())  # shown: 60 ± 10
