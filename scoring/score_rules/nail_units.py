"""How a finger whose nailfold is pictured is coded: DICOM has the nail unit of each finger, and no nailfold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scoring.coded_concept import CodedConcept
from scoring.score_rules.nailfold_labels import Finger

NAIL_UNITS: Final[Mapping[Finger, CodedConcept]] = {
    "THUMB": CodedConcept("770810008", "SCT", "Nail unit of thumb"),
    "INDEX": CodedConcept("770815003", "SCT", "Nail unit of index finger"),
    "MIDDLE": CodedConcept("770816002", "SCT", "Nail unit of middle finger"),
    "RING": CodedConcept("770817006", "SCT", "Nail unit of ring finger"),
    "LITTLE": CodedConcept("770818001", "SCT", "Nail unit of little finger"),
}
"""CID 4029; the side is Image Laterality, or its own item in a report."""
ANY_NAIL_UNIT: Final = CodedConcept("770809003", "SCT", "Nail unit of finger")
"""CID 4029: a finger that nobody named."""
ALL_NAIL_UNITS: Final = (*NAIL_UNITS.values(), ANY_NAIL_UNIT)
