"""Every class of object, broken in each way that the check knows: refused, with the attribute in the message."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from sr_templates.document_forms import Extra
from sr_templates.errors import InvalidObjectError
from sr_templates.iod_check import refuse_invalid_object
from sr_templates.iod_conditions import CONDITIONS_OF
from sr_templates.iod_modules import MODULES_OF
from sr_templates.writing import Role
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import objects_of, of_role, report_of

Change = Callable[[Dataset], None]
EXTRAS: tuple[Extra, ...] = ("multiframe", "segmentation", "pdf", "key_object")
ROLES: tuple[Role, ...] = ("report", "heatmap", "report_page", *EXTRAS)


def one_of(role: Role) -> Dataset:
    return of_role(objects_of(results.one_hand, extras=EXTRAS), role)[0]


def setting(keyword: str, value: object) -> Change:
    def change(dataset: Dataset) -> None:
        old = dataset[keyword]
        dataset.add(DataElement(old.tag, old.VR, value, validation_mode=config.IGNORE))

    return change


def removing(*keywords: str) -> Change:
    def change(dataset: Dataset) -> None:
        for keyword in keywords:
            del dataset[keyword]

    return change


def in_first(sequence: str, change: Change) -> Change:
    return lambda dataset: change(dataset[sequence].value[0])


def twice(sequence: str) -> Change:
    return lambda dataset: dataset[sequence].value.append(dataset[sequence].value[0])


def with_bare_spacing(dataset: Dataset) -> None:
    dataset.PixelSpacing = [0.1, 0.1]


def with_a_private_attribute(dataset: Dataset) -> None:
    dataset.add_new(0x00091001, "LO", "words")


def with_one_more_reference(dataset: Dataset) -> None:
    """An instance in the evidence that the content does not name."""
    instances = dataset.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    other = Dataset()
    other.ReferencedSOPClassUID, other.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "2.25.404"
    instances.append(other)


def with_a_container(dataset: Dataset) -> None:
    item = Dataset()
    item.RelationshipType, item.ValueType, item.ContinuityOfContent = "CONTAINS", "CONTAINER", "SEPARATE"
    item.ConceptNameCodeSequence = dataset.ConceptNameCodeSequence
    dataset.ContentSequence.append(item)


def partial_without_reason(dataset: Dataset) -> None:
    dataset.CompletionFlag = "PARTIAL"


@pytest.mark.parametrize("role", ROLES)
def test_whatever_its_class_must_hold_is_missed(role: Role) -> None:
    """Each attribute of its row of the table, taken away one at a time."""
    dataset = one_of(role)
    modules = MODULES_OF[dataset.SOPClassUID]
    for keyword in {*modules.filled, *modules.present, *modules.fixed} - {"SOPClassUID"}:
        kept = dataset[keyword]
        del dataset[keyword]
        with pytest.raises(InvalidObjectError, match=f"{keyword} is missing"):
            refuse_invalid_object(dataset)
        if keyword in modules.filled:
            dataset.add(DataElement(kept.tag, kept.VR, None))
            with pytest.raises(InvalidObjectError, match=f"{keyword} is empty"):
                refuse_invalid_object(dataset)
        dataset.add(kept)
    refuse_invalid_object(dataset)


@pytest.mark.parametrize("role", ROLES)
def test_whatever_has_one_right_value_has_no_other(role: Role) -> None:
    dataset = one_of(role)
    for keyword, wanted in MODULES_OF[dataset.SOPClassUID].fixed.items():
        kept = dataset[keyword]
        setting(keyword, 16 if isinstance(wanted, int) else "OTHER")(dataset)
        with pytest.raises(InvalidObjectError, match=f"{keyword} must be {wanted}, found"):
            refuse_invalid_object(dataset)
        dataset.add(kept)


@pytest.mark.parametrize(
    ("role", "change", "said"),
    [
        ("report", partial_without_reason, "CompletionFlag is PARTIAL"),
        ("heatmap", setting("PixelData", b"\0\0"), "PixelData holds 2 bytes"),
        ("heatmap", removing("ReferencedSeriesSequence"), "ReferencedSeriesSequence is missing"),
        (
            "heatmap",
            in_first("SourceImageSequence", removing("PurposeOfReferenceCodeSequence")),
            "names an image without its purpose",
        ),
        ("heatmap", with_bare_spacing, "PixelSpacing is stated; wanted PixelSpacingCalibrationType"),
        ("heatmap", with_a_private_attribute, "is in no dictionary"),
        ("multiframe", setting("NumberOfFrames", 1), "PixelData holds"),
        ("multiframe", setting("FrameLabelVector", ["Film"]), "names a vector of 1 values; frames are"),
        ("multiframe", removing("FrameLabelVector"), "names a vector of 0 values"),
        (
            "multiframe",
            setting("FrameLabelVector", ["A label of 17 letters", "B"]),
            "FrameLabelVector .SH. is not valid",
        ),
        ("segmentation", setting("NumberOfFrames", 2), "PixelData holds"),
        ("segmentation", twice("PerFrameFunctionalGroupsSequence"), "has 2 items; frames are 1"),
        ("segmentation", in_first("SegmentSequence", setting("SegmentNumber", 2)), r"is numbered \[2\]"),
        ("segmentation", in_first("SegmentSequence", removing("SegmentLabel")), "SegmentLabel is missing"),
        (
            "segmentation",
            in_first("SegmentSequence", setting("SegmentedPropertyTypeCodeSequence", [])),
            "SegmentedPropertyTypeCodeSequence is missing or empty",
        ),
        (
            "segmentation",
            in_first("PerFrameFunctionalGroupsSequence", removing("DerivationImageSequence")),
            "DerivationImageSequence is missing",
        ),
        ("segmentation", setting("ContentLabel", "lower case"), "ContentLabel .CS. is not valid"),
        ("pdf", setting("EncapsulatedDocument", b"PK\3\4"), "no whole PDF"),
        ("pdf", lambda d: setting("EncapsulatedDocument", d.EncapsulatedDocument[:5000])(d), "no whole PDF"),
        ("pdf", setting("EncapsulatedDocumentLength", 12), "its length says 12"),
        ("key_object", in_first("ConceptNameCodeSequence", setting("CodeMeaning", "For Printing")), "For Printing"),
        ("key_object", with_one_more_reference, "evidence lists an instance that the selection does not name"),
        ("key_object", with_a_container, "is a CONTAINER; a Key Object Selection Document holds none"),
        ("key_object", removing("ContentSequence"), "ContentSequence is missing"),
    ],
)
def test_a_broken_condition_is_named(role: Role, change: Change, said: str) -> None:
    dataset = one_of(role)
    change(dataset)
    with pytest.raises(InvalidObjectError, match=said):
        refuse_invalid_object(dataset)


def test_a_gap_that_is_explained_is_allowed() -> None:
    report = report_of(results.one_hand)
    report.CompletionFlag, report.CompletionFlagDescription = "PARTIAL", "One hand came late."
    refuse_invalid_object(report)


def test_a_calibrated_spacing_needs_its_description() -> None:
    picture = one_of("heatmap")
    picture.PixelSpacing, picture.PixelSpacingCalibrationType = [0.1, 0.1], "GEOMETRY"
    with pytest.raises(InvalidObjectError, match="wanted PixelSpacingCalibrationDescription"):
        refuse_invalid_object(picture)
    picture.PixelSpacingCalibrationDescription = "table top to detector: 60 mm"
    refuse_invalid_object(picture)


def test_every_class_has_its_modules_and_its_conditions() -> None:
    assert MODULES_OF.keys() == CONDITIONS_OF.keys()
