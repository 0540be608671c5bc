"""Command sets at the level of bytes: what is answered names the request, and nothing that the request did not have."""

from __future__ import annotations

import pytest

from dicom_node.receiving.dimse_command import (
    C_ECHO_RQ,
    N_EVENT_REPORT_RQ,
    CommandError,
    DimseCommand,
    encode_response,
    read_command,
)
from tests.dicom_node.receiving.raw_sender import Answer, command, pdv, uid, us

EVENT_TYPE = 0x1002
PUSH_MODEL, INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"


def answered(request: DimseCommand) -> dict[int, bytes]:
    """The elements of the answer to this request."""
    return Answer(4, pdv(encode_response(request, 0x0113), 1, 3)).elements


@pytest.mark.parametrize("event_type", [1, 2, 3])
def test_a_report_is_answered_with_its_event_type(event_type: int) -> None:
    elements = answered(DimseCommand(N_EVENT_REPORT_RQ, 7, PUSH_MODEL, INSTANCE, True, event_type))
    assert elements[EVENT_TYPE] == us(event_type)
    assert (elements[0x0002], elements[0x1000]) == (uid(PUSH_MODEL), uid(INSTANCE))
    assert (elements[0x0120], elements[0x0900]) == (us(7), us(0x0113))


@pytest.mark.parametrize("field", [N_EVENT_REPORT_RQ, C_ECHO_RQ])
def test_an_answer_has_no_event_type_when_the_request_had_none(field: int) -> None:
    assert EVENT_TYPE not in answered(DimseCommand(field, 7, PUSH_MODEL, INSTANCE, True))


def test_an_answer_to_no_instance_names_none() -> None:
    assert 0x1000 not in answered(DimseCommand(C_ECHO_RQ, 7, PUSH_MODEL, "", False))


def test_what_identifies_a_request_is_read_and_may_be_missing() -> None:
    request = {0x0002: uid(PUSH_MODEL), 0x0100: us(C_ECHO_RQ), 0x0800: us(0x0101)}
    assert read_command(command(request)).message_id == 0
    assert read_command(command({**request, 0x0110: us(4711)})).message_id == 4711
    with pytest.raises(CommandError, match=r"0110"):
        read_command(command({**request, 0x0110: b"\x01\x02\x03\x04"}))
