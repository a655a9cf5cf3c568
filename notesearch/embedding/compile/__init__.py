"""Make the compiled form of a model, and run models that have none: all that imports torch."""
