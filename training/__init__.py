"""Make the model that comes with the package; no part of what is installed."""
