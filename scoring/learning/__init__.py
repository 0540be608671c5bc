"""Learning from a centre's own readings."""
