"""Which results may leave the house by themselves, and why the others wait."""

from __future__ import annotations

from dicom_node.settings import NodeSettings
from scoring.result import ScoreResult


def reason_to_hold(settings: NodeSettings, result: ScoreResult) -> str:
    """Why a result must not leave the house by itself; empty when it may. A withdrawal follows what has left."""
    if result.withdraws:
        return ""
    if result.demonstration and not settings.scoring.accept_demonstration_weights:
        return (
            "Scored with demonstration weights; set scoring.accept_demonstration_weights = true to send such results."
        )
    return ""
