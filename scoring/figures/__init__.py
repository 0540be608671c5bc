"""One figure of an evaluation, one file: series in, the bytes of a self-contained SVG or PNG out. No torch."""
