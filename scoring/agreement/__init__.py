"""One measure of agreement, one file: formula, source, example. No torch."""
