"""The forms a result can take at a destination, richest first.

Comprehensive 3D is what IHE AI Results asks for; Comprehensive is what most archives accept; Enhanced is the oldest
class that can hold numbers and regions. Only 2D regions are used, so that these three can say the same. Basic Text
holds words alone; ``pictures`` is for a peer that takes no Structured Report at all: the report page says it then.
"""

from __future__ import annotations

from typing import Final, Literal

DocumentForm = Literal["comprehensive3d", "comprehensive", "enhanced", "basic_text", "pictures"]

SOP_CLASS_OF_FORM: Final[dict[DocumentForm, str]] = {
    "comprehensive3d": "1.2.840.10008.5.1.4.1.1.88.34",
    "comprehensive": "1.2.840.10008.5.1.4.1.1.88.33",
    "enhanced": "1.2.840.10008.5.1.4.1.1.88.22",
    "basic_text": "1.2.840.10008.5.1.4.1.1.88.11",
}
"""Storage SOP Classes of the Structured Reports (PS3.4 B.5), richest first."""

LADDER: Final[tuple[DocumentForm, ...]] = (*SOP_CLASS_OF_FORM, "pictures")
"""What is tried in turn when a peer does not take a form: the next poorer one."""

Extra = Literal["multiframe", "segmentation", "pdf", "key_object"]
"""Further objects that a destination may ask for, beside the report and its pictures."""

SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
"""Secondary Capture Image Storage: the pictures."""

MULTIFRAME_TRUE_COLOUR: Final = "1.2.840.10008.5.1.4.1.1.7.4"
"""Multi-frame True Color Secondary Capture Image Storage: film, heatmap and every joint as frames of one object."""

SEGMENTATION: Final = "1.2.840.10008.5.1.4.1.1.66.4"
"""Segmentation Storage: a heatmap as numbers."""

ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"
"""Encapsulated PDF Storage: the report to be printed."""

KEY_OBJECT: Final = "1.2.840.10008.5.1.4.1.1.88.59"
"""Key Object Selection Document Storage: a list of the objects that belong together, or are taken back."""
