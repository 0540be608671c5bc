"""The head of a Part 10 file: what is cut is damaged, never a data set that begins behind the file's end."""

from __future__ import annotations

import io

import pytest

from dicom_node.errors import InstanceRefusedError
from dicom_node.receiving.part10_head import part10_head, read_part10_head
from tests.dicom_node.receiving.instances import CR
from tests.dicom_node.receiving.raw_sender import EXPLICIT

HEAD = part10_head(CR, "1.2.3", EXPLICIT, "SENDER")


def test_what_we_write_is_read_with_and_without_a_data_set() -> None:
    for content in (HEAD, HEAD + b"\x08\x00\x05\x00CS\x00\x00"):
        head = read_part10_head(io.BytesIO(content))
        assert (head.transfer_syntax_uid, head.data_set_offset) == (EXPLICIT, len(HEAD))


@pytest.mark.parametrize("kept", [*range(133, len(HEAD)), -1])
def test_a_head_that_is_cut_anywhere_is_refused_or_ends_before_the_cut(kept: int) -> None:
    """Found by fuzzing: a value that the file does not hold was counted as if it did."""
    try:
        whole = HEAD + b"\x02\x00\x02\x01OB\0\0\0" if kept < 0 else HEAD[:kept]  # ends inside a long length
        assert read_part10_head(io.BytesIO(whole)).data_set_offset <= len(whole)
    except InstanceRefusedError as refused:
        assert refused.status == 0xC000
