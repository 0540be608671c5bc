"""An evaluation as plain JSON, for the statistician and the model card."""

from __future__ import annotations

from typing import Any

from scoring.agreement.bootstrap import Estimate
from scoring.evaluation.beside_readers import BesideReaders, sentence
from scoring.evaluation.evaluation import Evaluation, ItemEvaluation, Measured
from scoring.evaluation.pointing import HEALED_SHARES, Pointing


def evaluation_json(evaluation: Evaluation) -> dict[str, Any]:
    """Every number of the report. A measure without a value has null and its reason."""
    comparison = evaluation.comparison
    return {
        "form": "rheumascore evaluation 1",
        "measured_on": comparison.measured_on,
        "system": comparison.system,
        "version": comparison.version,
        "weights_sha256": comparison.weights_digest,
        "statement": comparison.statement,
        "images": comparison.images,
        "patients": len({row.patient for row in comparison.rows}),
        "failures": dict(comparison.failures),
        "seed": evaluation.seed,
        "items": {item.item: _item(item) for item in evaluation.items},
        "heatmap": None if evaluation.pointing is None else _pointing(evaluation.pointing),
    }


def _pointing(found: Pointing) -> dict[str, Any]:
    shuffled = found.hits_with_shuffled_weights
    return {
        "phantoms": found.phantoms,
        "method": found.method,
        "share_in_scored_joint_boxes": _estimate(found.in_joint_boxes),
        "share_in_the_damaged_joint_box": _estimate(found.in_damaged_box),
        "hottest_point_in_the_damaged_joint_box": _estimate(found.hits),
        "the_same_with_shuffled_weights": None if shuffled is None else _estimate(shuffled),
        "healed_shares": list(HEALED_SHARES),
        "left_hottest_first": list(found.curve),
        "left_mirrored_place": list(found.control),
    }


def _item(item: ItemEvaluation) -> dict[str, Any]:
    return {
        "words": item.scale.words,
        "highest": item.scale.highest,
        "rows": item.rows,
        "not_given": item.not_given,
        "reasons": item.reasons,
        "measures": _measures(item.measured),
        "parts": [
            {
                "by": part.by,
                "name": part.name,
                "rows": part.rows,
                "not_given": part.not_given,
                "measures": _measures(part.measured),
            }
            for part in item.parts
        ],
        "by_reader": {one.reader: _measures(one.measured) for one in item.by_reader},
        "beside_readers": None if item.beside is None else _beside(item.beside),
    }


def _measures(measured: tuple[Measured, ...]) -> dict[str, Any]:
    return {one.measure.key: {"words": one.measure.words, **_estimate(one.estimate)} for one in measured}


def _beside(found: BesideReaders) -> dict[str, Any]:
    return {
        "measure": found.measure.key,
        "readers": list(found.readers),
        "system": _estimate(found.system),
        "between_readers": _estimate(found.between),
        "difference": _estimate(found.difference),
        "sentence": sentence(found),
    }


def _estimate(found: Estimate) -> dict[str, Any]:
    return {
        "value": found.value,
        "lower": found.lower,
        "upper": found.upper,
        "level": found.level,
        "reason": found.reason,
        "rows": found.rows,
        "dropped": found.dropped,
        "patients": found.groups,
    }
