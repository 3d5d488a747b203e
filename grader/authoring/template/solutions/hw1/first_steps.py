# %% [markdown]
# # First steps
#
# In this notebook you write one function, `centre` in `mycourse/tables.py`, and a cell checks it.

# %%
import numpy as np

from mycourse.tables import centre
from utils.checks import check

# %% [markdown]
# Two things are measured on three people: a height in centimetres and a weight in kilograms. Before they are compared,
# each column is shifted so that its mean is 0.

# %%
table = np.array([[160.0, 55.0], [175.0, 70.0], [190.0, 85.0]])
centre(table)

# %% exercise="tables.centre"
check(centre)

# %% [markdown] written="why-centre"
# **Why is the mean taken column by column?** Say what would be mixed up by one mean for the whole table.
#
# ### BEGIN SOLUTION
# Heights and weights have different units, so a mean over both says nothing about either of them.
# ### END SOLUTION
