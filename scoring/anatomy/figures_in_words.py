"""What ``figures.toml`` says of finding hands and joints, as a chapter of a model card.

``figures_relearnt.toml`` is the same of networks that ``scoring.anatomy.training`` learnt anew, with the packaged seed:
whether the command gives what is packaged.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

_FIGURES: Final = Path(__file__).with_name("figures.toml")
_RELEARNT: Final = Path(__file__).with_name("figures_relearnt.toml")


def figures_in_words() -> list[str]:
    """Markdown lines; every number is read from files that ``scoring.anatomy.evaluation`` writes."""
    figures, relearnt = (tomllib.loads(path.read_text(encoding="utf-8")) for path in (_FIGURES, _RELEARNT))
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
        *_side_by_side({"packaged": figures, "learnt again": relearnt}),
        "",
        "![Joints found on 72 films, uncurated](../../../docs/pictures/joints_found_on_72_films.jpg)",
    ]


def _side_by_side(found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The packaged networks and those of the command as it is now, measured alike."""
    yield (
        "The packaged networks were learnt by an earlier loop. The command as it is now, with the same seed, gives "
        "others, measured alike (median and 95th percentile in hand widths):"
    )
    yield ""
    yield "| networks | boxed films | placed by eye | phantoms | missed | sides right | pairs | accepted | refused |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, figures in found.items():
        measured = [figures[one] for one in ("boxed", "placed", "phantoms")]
        cells = [f"{one['median']:.3f}, {one['p95']:.3f}" for one in measured]
        cells.append(str(sum(one["hands_missed"] for one in measured)))
        cells.append(_share(figures["pose"], "side_right", "tried"))
        cells.append(_share(figures["pairs"], "phantom_pairs_right", "phantom_pairs"))
        cells.append(_total(figures["gate"]["hands_accepted"], "accepted"))
        cells.append(_total(figures["gate"]["others_refused"], "refused"))
        yield f"| {name} | {' | '.join(cells)} |"


def _share(figures: Mapping[str, int], right: str, of: str) -> str:
    return f"{figures[right]} of {figures[of]}"


def _total(figures: Mapping[str, int], verb: str) -> str:
    kinds = _kinds(figures, verb)
    return f"{sum(figures[f'{kind}_{verb}'] for kind in kinds)} of {sum(figures[kind] for kind in kinds)}"


def _distance_row(title: str, figures: Mapping[str, Any]) -> str:
    errors = " | ".join(f"{figures[name]:.3f}" for name in ("median", "p95", "largest"))
    return f"| {title} | {figures['hands']} | {figures['hands_missed']} | {errors} |"


def _counts(figures: Mapping[str, int], verb: str) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {figures[f'{name}_{verb}']} of {figures[name]}" for name in _kinds(figures, verb)
    )


def _kinds(figures: Mapping[str, int], verb: str) -> list[str]:
    return [name for name in figures if not name.endswith(f"_{verb}")]
