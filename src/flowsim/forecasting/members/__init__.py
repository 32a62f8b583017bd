"""The members of the pool, each with a forecast of its own, and the features and weights that make one of them."""
