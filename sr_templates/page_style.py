"""The look of the report page: its size, its colours, its margins."""

from __future__ import annotations

from typing import Final

from sr_templates.colour_map import Colour

WIDTH: Final = 1600
HEIGHT: Final = 1200
"""Pixels; a page of very many rows grows taller, so that no row becomes too small to read."""
MARGIN: Final = 48

GROUND: Final[Colour] = (16, 18, 22)
PANEL: Final[Colour] = (38, 43, 52)
STRIPE: Final[Colour] = (27, 30, 37)
RULE: Final[Colour] = (78, 84, 94)
LIGHT: Final[Colour] = (240, 241, 243)
QUIET: Final[Colour] = (172, 179, 190)
"""Small words; on every ground above their contrast is 4.5 or more (WCAG 2.1, 1.4.3)."""
