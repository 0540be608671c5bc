"""Images for the tests of the system: phantoms as scoring sees them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.image import ScoringImage
from scoring.study import ImageReference, Laterality


def image_reference(uid: str, laterality: Laterality = "", number: int = 1) -> ImageReference:
    """The header's facts of one film."""
    return ImageReference(
        sop_instance_uid=uid,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.1",
        series_instance_uid="1.2.3.1",
        study_instance_uid="1.2.3",
        content_sha256="0" * 64,
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        modality="CR",
        body_part="HAND",
        view_position="PA",
        laterality=laterality,
        photometric_interpretation="MONOCHROME2",
        for_processing=False,
        image_type=("ORIGINAL", "PRIMARY"),
        rows=1,
        columns=1,
        frames=1,
        series_description="",
        study_description="",
        protocol_name="",
        series_number=1,
        instance_number=number,
        acquired_at="",
        manufacturer="",
    )


def film(pixels: npt.NDArray[np.float32], uid: str = "1.2.4", laterality: Laterality = "") -> ScoringImage:
    """One film ready to be scored."""
    return ScoringImage(image_reference(uid, laterality), np.ascontiguousarray(pixels), None, "unknown")
