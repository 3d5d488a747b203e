# %% [markdown]
# # K-means
#
# Two steps, one after the other, until nothing moves: every point joins its nearest centre, and every centre moves to
# the mean of its points.

# %%
from clusters.kmeans import assign, inertia, update
from utils.checks import check

# %% exercise="kmeans.assign"
check(assign)

# %% exercise="kmeans.update"
check(update)

# %% exercise="kmeans.inertia"
check(inertia)

# %% [markdown] written="why-local"
# Why does the result depend on where the centres begin?
#
# ### BEGIN SOLUTION
# No step makes the inertia larger, so the iteration ends in the nearest valley, whichever that is.
# ### END SOLUTION
