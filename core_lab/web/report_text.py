"""The report of a result as readable text, from the very bytes that were sent."""

from __future__ import annotations

import io
from typing import Final

from pydicom import dcmread
from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.content_store import ContentStore
from dicom_node.errors import InstanceLostError
from dicom_node.ledger.tables import ObjectRow
from sr_templates.report_as_text import report_as_text

_REPORT_CLASSES: Final = "1.2.840.10008.5.1.4.1.1.88."
"""Root of the SOP classes of structured reports."""


def report_text(store: ContentStore, session: Session, result_digest: str) -> str:
    """The latest report written from a result; empty when there is none yet."""
    query = (
        select(ObjectRow)
        .where(ObjectRow.result_digest == result_digest, ObjectRow.sop_class_uid.startswith(_REPORT_CLASSES))
        .order_by(ObjectRow.created_at.desc())
    )
    row = session.scalars(query.limit(1)).first()
    if row is None:
        return ""
    try:
        return report_as_text(dcmread(io.BytesIO(store.read(row.content_sha256)), force=True))
    except InstanceLostError as error:
        return str(error)
