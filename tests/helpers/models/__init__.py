"""Small models that several tests run."""
