"""One N-EVENT-REPORT under way: a peer opened an association to say what it commits (PS3.4 J.3.3)."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID

from dicom_node.delivery.commitment_report import PUSH_MODEL, PUSH_MODEL_INSTANCE, ReportAnswer, take_report
from dicom_node.errors import InstanceRefusedError, TransientError
from dicom_node.ledger.ledger import Ledger
from dicom_node.receiving.dimse_command import DimseCommand
from dicom_node.receiving.store_status import UNRECOGNISED_OPERATION
from dicom_node.receiving.strict_dataset_pass import StrictDatasetPass

LARGEST_REPORT: Final = 1 << 20
"""Bytes; some 7,000 objects."""
_INVALID_ARGUMENT, _NO_SUCH_INSTANCE, _OUT_OF_RESOURCES = 0x0115, 0x0112, 0x0213


class IncomingReport:
    """Its data set is small: it is gathered, checked by the strict pass, and read only then."""

    def __init__(
        self,
        ledger: Ledger,
        request: DimseCommand,
        abstract_syntax: str,
        transfer_syntax: str,
        reports_for: frozenset[str],
        calling_ae_title: str,
    ) -> None:
        self._ledger, self._request, self._abstract_syntax = ledger, request, abstract_syntax
        self._transfer_syntax, self._reports_for, self._actor = UID(transfer_syntax), reports_for, calling_ae_title
        self._data_set = bytearray()

    def write(self, fragment: memoryview) -> None:
        """The next bytes of the data set."""
        self._data_set += fragment

    def finish(self, log: Any) -> ReportAnswer:
        """The last byte has come. What to tell the peer; the ledger holds what was said when it is success."""
        answer = self._finish()
        log.log(20 if answer.status == 0 else 30, "event_report", status=f"0x{answer.status:04X}", said=answer.comment)
        return answer

    def _finish(self) -> ReportAnswer:
        if not self._abstract_syntax == self._request.sop_class_uid == PUSH_MODEL:
            return ReportAnswer(UNRECOGNISED_OPERATION)
        if self._request.sop_instance_uid != PUSH_MODEL_INSTANCE:
            return ReportAnswer(_NO_SUCH_INSTANCE, "not the well-known instance of storage commitment")
        try:
            return take_report(
                self._ledger, self._request.event_type, self._read(), self._reports_for.__contains__, self._actor
            )
        except InstanceRefusedError:
            return ReportAnswer(_INVALID_ARGUMENT, "the event information cannot be read")
        except TransientError:
            return ReportAnswer(_OUT_OF_RESOURCES, "the ledger does not answer")

    def _read(self) -> Dataset:
        """Raises InstanceRefusedError when it is not whole, or nested too deep for a parser."""
        strict = StrictDatasetPass(self._transfer_syntax, LARGEST_REPORT)
        data_set, syntax = bytes(self._data_set), self._transfer_syntax
        strict.feed(data_set)
        strict.end()
        return read_dataset(BytesIO(data_set), syntax.is_implicit_VR, syntax.is_little_endian)
