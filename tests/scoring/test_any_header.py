"""Headers of any content: routing and what is read for it answer, whatever a sender writes (hypothesis)."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from dicom_node.delivery.error_comment import words_of
from dicom_node.routing import decide
from scoring.catalogue import list_systems
from scoring.errors import ImageTooLargeError, ImageUnreadableError
from scoring.image import scoring_image
from scoring.pixel_decoding import DecodingLimits, check_pixel_budget
from scoring.quality import hand_quality, verdict
from scoring.study import HEADER_TAGS, Study, read_image_reference, read_trial_context
from sr_templates.header_text import decode_text
from tests.dicom_node.receiving.instances import encoded, radiograph
from tests.hazards.raw_instance import RawInstance, element

SINGLE = [keyword for keyword in HEADER_TAGS if dictionary_VR(keyword) not in ("SQ", "UI")]
ODD = st.sampled_from(
    [
        b"",
        b"\\",
        b"\\\\\\",
        b"1e999",
        b"-0",
        b"nan",
        b"9" * 60,
        b"\x1b$B",
        b"\xff\xfe",
        b"12\\x",
        b"\0\0",
        b"^=^",
        b"+1.5 ",
    ]
)
WORDS = st.one_of(ODD, st.binary(max_size=70), st.text(max_size=30).map(str.encode))


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """A data set of which any attributes that routing reads hold anything, with any value representation."""
    instance = RawInstance()
    for keyword in draw(st.lists(st.sampled_from(SINGLE), unique=True, max_size=8)):
        value = draw(WORDS)
        value += b" " * (len(value) % 2)
        vr = draw(st.sampled_from([dictionary_VR(keyword), "LO", "UN", "DS", "US", "FD"]))
        instance.put_element(tag_for_keyword(keyword) or 0, vr, value)
    if draw(st.booleans()):
        region = draw(st.sampled_from(["SQ", "LO", "UN"]))
        instance.put_element(0x00082218, region, draw(ODD).ljust(8, b" "))
    return instance.data_set


def read(data_set: bytes) -> Dataset:
    return read_dataset(io.BytesIO(data_set), is_implicit_VR=False, is_little_endian=True)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(headers())
@pytest.mark.filterwarnings("ignore")
def test_any_header_is_read_and_routed(data_set: bytes) -> None:
    reference = read_image_reference(read(data_set), "0" * 64, "1.2.840.10008.1.2.1")
    trial = read_trial_context(read(data_set))
    [*decisions] = decide(Study(reference.study_instance_uid, (reference,), trial), list_systems())
    for decision in decisions:
        assert decision.accepts or decision.reason
        assert all(line.isprintable() for line in decision.reason.splitlines())
    decode_text(read(data_set), ("PatientName", "StudyDescription", "SeriesDescription"))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(headers())
@pytest.mark.filterwarnings("ignore")
def test_any_header_has_a_pixel_budget_or_is_unreadable(data_set: bytes) -> None:
    try:
        check_pixel_budget(read(data_set), DecodingLimits())
    except (ImageUnreadableError, ImageTooLargeError):
        return


GEOMETRY = (
    "PixelSpacing",
    "ImagerPixelSpacing",
    "PixelSpacingCalibrationType",
    "WindowCenter",
    "WindowWidth",
    "RescaleSlope",
    "RescaleIntercept",
    "PixelPaddingValue",
    "PresentationLUTShape",
    "VOILUTFunction",
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(GEOMETRY), WORDS, max_size=5))
@pytest.mark.filterwarnings("ignore")
def test_pixels_under_any_window_slope_and_spacing_are_an_image_or_unreadable(values: dict[str, Any]) -> None:
    instance = RawInstance()
    for keyword, value in values.items():
        instance.put(keyword, value + b" " * (len(value) % 2))
    stored = np.arange(64, dtype=np.uint16).reshape(8, 8)
    reference = read_image_reference(read(instance.data_set), "0" * 64, "1.2.840.10008.1.2.1")
    try:
        image = scoring_image(read(instance.data_set), stored, reference)
    except ImageUnreadableError:
        return
    assert np.isfinite(image.pixels).all()
    assert image.pixels.min() >= 0 and image.pixels.max() <= 1
    assert image.spacing_mm is None or all(0.005 < step < 5 for step in image.spacing_mm)
    assert verdict([hand_quality(image.pixels[None])]).meaning


@given(st.text(max_size=100))
def test_of_any_comment_only_known_words_are_kept(comment: str) -> None:
    kept = words_of(comment)
    assert len(kept) <= 64 and kept.isprintable()
    assert not any(character.isdigit() or character in "^=<>\\" for character in kept)


def test_the_generated_headers_are_real() -> None:
    """Else nothing above would be tested: a plain one is read as what it is."""
    reference = read_image_reference(read(encoded(radiograph())), "0" * 64, "1.2.840.10008.1.2.1")
    assert (reference.modality, reference.body_part, reference.rows) == ("CR", "HAND", 8)
    assert element(0x00100010, "PN", b"A^B ") in RawInstance(PatientName="A^B").data_set
