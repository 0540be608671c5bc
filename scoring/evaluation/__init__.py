"""How well a system agrees with readers: what it said beside what they said, measured, on one page."""
