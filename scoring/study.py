"""What the headers of a study say: no pixels, no names of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, Literal

from pydicom.dataset import Dataset

from scoring.score_rules.nail_units import ALL_NAIL_UNITS

Laterality = Literal["L", "R", "B", ""]

HEADER_TAGS: Final = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "BodyPartExamined",
    "ViewPosition",
    "Laterality",
    "ImageLaterality",
    "AnatomicRegionSequence",
    "PrimaryAnatomicStructureSequence",
    "PhotometricInterpretation",
    "PresentationIntentType",
    "ImageType",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "SeriesDescription",
    "StudyDescription",
    "ProtocolName",
    "SeriesNumber",
    "InstanceNumber",
    "AcquisitionDate",
    "AcquisitionTime",
    "ContentDate",
    "ContentTime",
    "Manufacturer",
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID",
    "ClinicalTrialSiteName",
    "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID",
    "ClinicalTrialTimePointID",
    "ClinicalTrialTimePointDescription",
)
"""All that routing reads: enough for ``pydicom.dcmread(..., specific_tags=HEADER_TAGS)``."""

_OBLIQUE_WORDS: Final = ("OBL", "LAT", "NORGAARD", "BALLCATCHER")
_SIDE_WORDS: Final[dict[str, Laterality]] = {
    "LEFT": "L",
    "LT": "L",
    "LI": "L",
    "RIGHT": "R",
    "RT": "R",
    "RE": "R",
    "BILATERAL": "B",
    "BOTH": "B",
    "HANDS": "B",
}


@dataclass(frozen=True, slots=True)
class TrialContext:
    """The Clinical Trial Subject and Study modules (PS3.3 C.7.1.3, C.7.2.3), as far as they are filled."""

    sponsor_name: str = ""
    protocol_id: str = ""
    protocol_name: str = ""
    site_id: str = ""
    site_name: str = ""
    subject_id: str = ""
    subject_reading_id: str = ""
    time_point_id: str = ""
    time_point_description: str = ""

    @property
    def present(self) -> bool:
        """True when the study says that it belongs to a trial."""
        return any(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True, slots=True)
class ImageReference:
    """One received instance, as its header describes it. Empty text: the attribute is absent or empty."""

    sop_instance_uid: str
    sop_class_uid: str
    series_instance_uid: str
    study_instance_uid: str
    content_sha256: str
    transfer_syntax_uid: str
    modality: str
    body_part: str
    view_position: str
    laterality: Laterality
    photometric_interpretation: str
    for_processing: bool
    image_type: tuple[str, ...]
    rows: int
    columns: int
    frames: int
    series_description: str
    study_description: str
    protocol_name: str
    series_number: int
    instance_number: int
    acquired_at: str
    manufacturer: str
    region_code: str = ""
    """Code value of the nail unit that is pictured, else of the first Anatomic Region."""

    @property
    def is_image(self) -> bool:
        """True when the instance has a pixel grid; reports and key objects have none."""
        return self.rows > 0 and self.columns > 0

    @property
    def descriptions(self) -> str:
        """The free texts that may name a body part or a view, in capitals."""
        return " ".join((self.series_description, self.study_description, self.protocol_name)).upper()

    @property
    def anatomy(self) -> str:
        """Everything that may name the place that is pictured, in capitals: region, body part, descriptions."""
        nail_unit = next((unit.meaning for unit in ALL_NAIL_UNITS if unit.value == self.region_code), "")
        return f"{nail_unit} {self.body_part} {self.descriptions}".upper()

    @property
    def is_oblique_or_lateral(self) -> bool:
        """True when the view position or a description says that this is not a frontal view."""
        view = self.view_position.upper()
        return view in {"LL", "RL", "LLD", "RLD", "LLO", "RLO"} or any(
            word in f"{view} {self.series_description.upper()}" for word in _OBLIQUE_WORDS
        )


@dataclass(frozen=True, slots=True)
class Study:
    """A study that is complete (or was forced to be): its instances and its place in a trial."""

    study_instance_uid: str
    images: tuple[ImageReference, ...]
    trial: TrialContext
    forced: bool = False

    def image(self, sop_instance_uid: str) -> ImageReference:
        """The instance with this UID; KeyError when the study has none."""
        for image in self.images:
            if image.sop_instance_uid == sop_instance_uid:
                return image
        raise KeyError(sop_instance_uid)


def read_trial_context(header: Dataset) -> TrialContext:
    """Take the trial's identity from a header; every attribute may be missing."""
    return TrialContext(
        sponsor_name=_text(header, "ClinicalTrialSponsorName"),
        protocol_id=_text(header, "ClinicalTrialProtocolID"),
        protocol_name=_text(header, "ClinicalTrialProtocolName"),
        site_id=_text(header, "ClinicalTrialSiteID"),
        site_name=_text(header, "ClinicalTrialSiteName"),
        subject_id=_text(header, "ClinicalTrialSubjectID"),
        subject_reading_id=_text(header, "ClinicalTrialSubjectReadingID"),
        time_point_id=_text(header, "ClinicalTrialTimePointID"),
        time_point_description=_text(header, "ClinicalTrialTimePointDescription"),
    )


def read_image_reference(header: Dataset, content_sha256: str, transfer_syntax_uid: str) -> ImageReference:
    """Describe one instance from its header. Never raises for a missing or odd attribute: odd becomes empty."""
    return ImageReference(
        sop_instance_uid=_text(header, "SOPInstanceUID"),
        sop_class_uid=_text(header, "SOPClassUID"),
        series_instance_uid=_text(header, "SeriesInstanceUID"),
        study_instance_uid=_text(header, "StudyInstanceUID"),
        content_sha256=content_sha256,
        transfer_syntax_uid=transfer_syntax_uid,
        modality=_text(header, "Modality").upper(),
        body_part=_text(header, "BodyPartExamined").upper() or _region_in_words(header),
        view_position=_text(header, "ViewPosition").upper(),
        laterality=read_laterality(header),
        photometric_interpretation=_text(header, "PhotometricInterpretation").upper(),
        for_processing=_text(header, "PresentationIntentType").upper() == "FOR PROCESSING",
        image_type=tuple(_text(header, "ImageType").upper().split("\\")),
        rows=_number(header, "Rows"),
        columns=_number(header, "Columns"),
        frames=max(1, _number(header, "NumberOfFrames")),
        series_description=_text(header, "SeriesDescription"),
        study_description=_text(header, "StudyDescription"),
        protocol_name=_text(header, "ProtocolName"),
        series_number=_number(header, "SeriesNumber"),
        instance_number=_number(header, "InstanceNumber"),
        acquired_at=(
            _text(header, "AcquisitionDate") + _text(header, "AcquisitionTime")
            or _text(header, "ContentDate") + _text(header, "ContentTime")
        ),
        manufacturer=_text(header, "Manufacturer"),
        region_code=_region_code(header),
    )


def read_laterality(header: Dataset) -> Laterality:
    """The side that the header claims: Image Laterality, then Laterality, then words of the description."""
    for keyword in ("ImageLaterality", "Laterality"):
        value = _text(header, keyword).upper()
        if value in ("L", "R", "B"):
            return value  # type: ignore[return-value]  # mypy does not narrow str by membership
    words = " ".join(_text(header, k) for k in ("SeriesDescription", "ProtocolName")).upper()
    sides = {side for word, side in _SIDE_WORDS.items() if word in words.replace("_", " ").replace(",", " ").split()}
    if sides == {"L", "R"}:
        return "B"
    return sides.pop() if len(sides) == 1 else ""


def _text(header: Dataset, keyword: str) -> str:
    try:
        value = header.get(keyword)
    except Exception:  # a hostile value may raise anything while it is converted; it then counts as empty
        return ""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return "\\".join(str(part).strip() for part in value)
    return str(value).strip()


def _number(header: Dataset, keyword: str) -> int:
    try:
        return int(_text(header, keyword) or 0)
    except ValueError:
        return 0


def _region_in_words(header: Dataset) -> str:
    return " ".join(_text(region, "CodeMeaning") for region in _regions(header)).upper()


def _region_code(header: Dataset) -> str:
    """The nail unit wherever the header names one: as region, or as structure of a finger or hand; else the region."""
    structures = header.get("PrimaryAnatomicStructureSequence") or ()
    codes = [_text(item, "CodeValue") for item in (*_regions(header), *structures)]
    nail_units = {unit.value for unit in ALL_NAIL_UNITS}
    return next((code for code in codes if code in nail_units), codes[0] if _regions(header) else "")


def _regions(header: Dataset) -> Sequence[Dataset]:
    return header.get("AnatomicRegionSequence") or ()
