"""The forms a report can take. The content is the same in each; only the SOP Class differs (dicom.md D3).

Comprehensive 3D is what IHE AI Results asks for; Comprehensive is what most archives accept; Enhanced is the oldest
class that can hold numbers and regions. Only 2D regions are used, so that all three can say the same.
"""

from __future__ import annotations

from typing import Final, Literal

DocumentForm = Literal["comprehensive3d", "comprehensive", "enhanced"]

SOP_CLASS_OF_FORM: Final[dict[DocumentForm, str]] = {
    "comprehensive3d": "1.2.840.10008.5.1.4.1.1.88.34",
    "comprehensive": "1.2.840.10008.5.1.4.1.1.88.33",
    "enhanced": "1.2.840.10008.5.1.4.1.1.88.22",
}
"""Storage SOP Classes of the Structured Reports (PS3.4 B.5), richest first."""

SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
"""Secondary Capture Image Storage: the pictures."""
