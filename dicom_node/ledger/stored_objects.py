"""What a destination has stored of a result: answered with Success, or with a warning."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dicom_node.ledger.tables import DeliveryRow, ObjectRow


def stored_objects(
    session: Session, subject: dict[str, Any], only: ColumnElement[bool]
) -> list[tuple[DeliveryRow, ObjectRow]]:
    """Of the result and the destination that a job's subject names, in sending order; ``only``: of these deliveries."""
    rows = session.execute(
        select(DeliveryRow, ObjectRow)
        .join(ObjectRow, ObjectRow.sop_instance_uid == DeliveryRow.sop_instance_uid)
        .where(
            ObjectRow.result_digest == str(subject["result"]),
            DeliveryRow.destination == str(subject["destination"]),
            DeliveryRow.state == "sent",
            only,
        )
        .order_by(ObjectRow.position, DeliveryRow.id)
    )
    return [(delivery, written) for delivery, written in rows]
