"""Property behind D06 and P4: any bytes are refused with a status, or taken and then readable to the last byte.

No process here: the strict pass alone, on thousands of data sets that hypothesis makes out of well-formed pieces.
"""

from __future__ import annotations

import struct
import warnings
from io import BytesIO

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from dicom_node.errors import InstanceRefusedError
from dicom_node.receiving.part10_head import part10_head
from dicom_node.receiving.strict_dataset_pass import StrictDatasetPass
from scoring.study import HEADER_TAGS, read_image_reference, read_trial_context
from tests.dicom_node.receiving.instances import CR
from tests.dicom_node.receiving.pydicom_reading import pydicom_reads_whole
from tests.dicom_node.receiving.raw_sender import EXPLICIT
from tests.hazards.raw_instance import ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, RawInstance, element

_CAP = 1 << 20
_SEQUENCE = 0x00081110
_TAGS = (0x00080005, 0x00080008, _SEQUENCE, 0x00080060, 0x00090010, 0x00091001, 0x00100010, 0x00180015, 0x00204000)
_TAGS += (0x00200013, 0x00280008, 0x00280010, 0x00280103, 0x00281050, 0x00400555, 0x60003000, 0x7FE00010, 0xFFFCFFFC)
_VRS = ("OB", "OW", "SQ", "UN", "UT", "UC", "CS", "LO", "PN", "DA", "TM", "DS", "IS", "US", "FD", "AT", "UI")

tags = st.sampled_from(_TAGS)
values = st.one_of(
    st.binary(max_size=30),
    st.text(max_size=12).map(lambda text: text.encode("utf-8", "replace")),
    st.sampled_from([b"ISO_IR 192", b"\\", b"\x00", b"1e999", b"-1", b"nan", b"99999999", b"2026\\13\\45"]),
)


def item(elements: dict[int, bytes]) -> bytes:
    """An item of undefined length with these elements, in order."""
    return ITEM + b"\xff" * 4 + b"".join(elements[tag] for tag in sorted(elements)) + ITEM_END


def sequence(items: list[dict[int, bytes]]) -> bytes:
    return element(_SEQUENCE, "SQ", b"".join(map(item, items)) + SEQUENCE_END, UNDEFINED)


whole_elements = st.builds(lambda tag, vr, value: (tag, element(tag, vr, value)), tags, st.sampled_from(_VRS), values)
whole = st.recursive(
    whole_elements,
    lambda inner: st.lists(st.lists(inner, max_size=4).map(dict), max_size=3).map(lambda i: (_SEQUENCE, sequence(i))),
    max_leaves=8,
)
pieces = st.one_of(
    st.builds(
        element, tags, st.sampled_from((*_VRS, "??")), values, st.sampled_from([0, 1, 7, 4096, 65535, UNDEFINED])
    ),
    values,
    st.just(ITEM_END),
    st.just(SEQUENCE_END),
    st.sampled_from([0, 4, 8, 100, UNDEFINED]).map(lambda length: ITEM + struct.pack("<L", length)),
)
broken = st.tuples(tags, st.lists(pieces, min_size=1, max_size=6).map(b"".join))
changes_of_an_image = st.one_of(
    st.lists(whole, max_size=5), st.lists(whole, max_size=5), st.lists(st.one_of(whole, broken), max_size=5)
)
tails = st.one_of(st.just(b""), st.just(b""), st.just(b""), st.binary(max_size=20))


@settings(deadline=None, max_examples=400)
@given(changes_of_an_image, tails)
@example([(0x00080005, element(0x00080005, "CS", b"ISO\x00IR "))], b"")
@example([(0x00080005, element(0x00080005, "SS", b"ISO_IR 100"))], b"")
@example([(_SEQUENCE, sequence([{0x00280103: element(0x00280103, "US", b"odd")}]))], b"")
def test_p04_any_bytes_are_refused_with_a_status_or_readable(changes: list[tuple[int, bytes]], tail: bytes) -> None:
    instance = RawInstance("1.2.3")
    for tag, encoded in changes:
        instance.put_bytes(tag, encoded)
    data_set = instance.data_set + tail
    strict = StrictDatasetPass(EXPLICIT, _CAP)
    try:
        strict.feed(data_set)
        facts = strict.finish()
    except InstanceRefusedError as refused:
        event("refused")
        assert refused.status in (0xA700, 0xA900, 0xC000)
        assert 1 <= len(refused.comment) <= 64
        return
    event("taken")
    assert facts.bytes == len(data_set)
    assert pydicom_reads_whole(data_set, EXPLICIT)
    assert_the_node_reads(data_set)


def assert_the_node_reads(data_set: bytes) -> None:
    """Study assembly can describe it: whatever stands in it, this must not raise."""
    file = BytesIO(part10_head(CR, "1.2.3", EXPLICIT, "SENDER") + data_set)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = dcmread(file, specific_tags=list(HEADER_TAGS), stop_before_pixels=True)
        reference = read_image_reference(header, "0" * 64, EXPLICIT)
        read_trial_context(header)
    assert reference.sop_instance_uid == "1.2.3"


@settings(deadline=None, max_examples=200)
@given(st.binary(min_size=1, max_size=3000), st.integers(1, 3000))
def test_p11_the_pass_holds_no_more_than_a_head_and_a_short_value(data: bytes, piece: int) -> None:
    """What it is not asked for it passes over: its memory does not grow with the data set."""
    strict = StrictDatasetPass(EXPLICIT, _CAP)
    with pytest.raises(InstanceRefusedError):
        for at in range(0, len(data), piece):
            strict.feed(data[at : at + piece])
            assert len(strict._have) <= 1024
        strict.finish()
