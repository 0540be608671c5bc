"""How far a score may be off: intervals and sets of grades that hold at a stated rate for new patients."""
