"""What ``figures.toml`` says of finding hands and joints, as a chapter of a model card."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_FIGURES: Final = Path(__file__).with_name("figures.toml")


def figures_in_words() -> list[str]:
    """Markdown lines; every number is read from figures.toml, which ``scoring.anatomy.evaluation`` writes."""
    figures = tomllib.loads(_FIGURES.read_text(encoding="utf-8"))
    gate, placed, pose, pairs = figures["gate"], figures["placed"], figures["pose"], figures["pairs"]
    return [
        "### Finding hands and joints",
        "",
        "On films whose source was absent from training. One hand width is the breadth at the metacarpal heads.",
        "",
        "| measured on | hands | missed | median error, hand widths | 95th percentile | largest |",
        "| --- | --- | --- | --- | --- | --- |",
        _distance_row("boxed films, 16 places with a box", figures["boxed"]),
        _distance_row("films with all 22 sites placed by eye", placed),
        _distance_row("phantoms, 22 sites", figures["phantoms"]),
        "",
        f"Of the sites placed by eye the wrist's have a median error of {placed['median_wrist_sites']:.3f}, the "
        f"fingers' {placed['median_finger_sites']:.3f}. They were placed by a software developer, not by a "
        "radiologist; one of those films is an adult's.",
        "",
        f"Turned by quarters and mirrored, held-out films: found {pose['found']} of {pose['tried']}, turn right "
        f"{pose['turn_right']}, side right {pose['side_right']}. Two hands in one picture: "
        f"{pairs['phantom_pairs_right']} of {pairs['phantom_pairs']} phantom pairs, {pairs['film_pairs_right']} of "
        f"{pairs['film_pairs']} pairs of films.",
        "",
        f"Hands accepted: {_counts(gate['hands_accepted'], 'accepted')}. Others refused: "
        f"{_counts(gate['others_refused'], 'refused')}. The limits of gate and confidence were set while looking at "
        "some of these pictures, so these counts are somewhat kind; the networks never saw them.",
        "",
        "![Joints found on 72 films, uncurated](../../../docs/pictures/joints_found_on_72_films.jpg)",
    ]


def _distance_row(title: str, figures: Mapping[str, Any]) -> str:
    errors = " | ".join(f"{figures[name]:.3f}" for name in ("median", "p95", "largest"))
    return f"| {title} | {figures['hands']} | {figures['hands_missed']} | {errors} |"


def _counts(figures: Mapping[str, int], verb: str) -> str:
    kinds = [name for name in figures if not name.endswith(f"_{verb}")]
    return ", ".join(f"{name.replace('_', ' ')} {figures[f'{name}_{verb}']} of {figures[name]}" for name in kinds)
