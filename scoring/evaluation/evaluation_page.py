"""An evaluation as one HTML page that needs nothing else: figures are inside, no script, printable."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from scoring.agreement.bootstrap import Estimate
from scoring.errors import UndefinedMeasureError
from scoring.evaluation.beside_readers import sentence
from scoring.evaluation.evaluation import Evaluation, ItemEvaluation, PartEvaluation, truth_and_said
from scoring.evaluation.pointing import HEALED_SHARES, Pointing
from scoring.figures.bland_altman import bland_altman_plot
from scoring.figures.confusion_matrix import confusion_matrix
from scoring.figures.deletion_curve import deletion_curve
from scoring.figures.identity_scatter import identity_scatter


@dataclass(frozen=True, slots=True)
class _Picture:
    """A figure with what it shows, in words for those who cannot see it."""

    words: str
    source: str


def evaluation_page(evaluation: Evaluation) -> str:
    """The page. Everything that comes from a table of readings is escaped."""
    comparison = evaluation.comparison
    return _environment().get_template("evaluation.html").render(
        evaluation=evaluation,
        comparison=comparison,
        patients=len({row.patient for row in comparison.rows}),
        items=[(item, _pictures(evaluation, item), _tables(item)) for item in evaluation.items],
        deletion=_deletion(evaluation.pointing),
    )  # fmt: skip


def _pictures(evaluation: Evaluation, item: ItemEvaluation) -> list[_Picture]:
    truth, said, _ = truth_and_said(evaluation.comparison.of(item.item), item.scale)
    try:
        if item.scale.whole:
            names = [str(grade) for grade in range(int(item.scale.highest) + 1)]
            drawn = [("Confusion matrix", confusion_matrix(truth, said, names, said_name="system"))]
        else:
            drawn = [
                ("Scatter with the line of identity", identity_scatter(truth, said, said_name="system")),
                ("Bland–Altman plot", bland_altman_plot(truth, said, said_name="system")),
            ]
    except UndefinedMeasureError:
        return []
    return [_Picture(f"{words} of {item.scale.words}, {len(truth)} rows", _embedded(svg)) for words, svg in drawn]


def _tables(item: ItemEvaluation) -> dict[str, list[PartEvaluation]]:
    """Parts by what they were divided by."""
    tables: dict[str, list[PartEvaluation]] = {}
    for part in item.parts:
        tables.setdefault(part.by, []).append(part)
    return tables


def _deletion(pointing: Pointing | None) -> _Picture | None:
    if pointing is None or not pointing.curve:
        return None
    curves = {"hottest places": pointing.curve, "mirrored places": pointing.control}
    return _Picture("Deletion curve", _embedded(deletion_curve(HEALED_SHARES, curves)))


def _embedded(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"


def _number(found: Estimate, places: int) -> Markup:
    """The value with its interval; a dash with the reason where there is none."""
    if found.value is None:
        return Markup('<span class="none" title="{}">–</span>').format(found.reason)
    value = Markup("<b>{}</b>").format(_signed(found.value, places))
    if found.lower is None or found.upper is None:
        return value + Markup(' <span class="none" title="{}">no interval</span>').format(found.reason)
    return value + Markup(" <i>{} to {}</i>").format(_signed(found.lower, places), _signed(found.upper, places))


def _signed(value: float, places: int) -> str:
    """With the minus of typesetters; never minus zero."""
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", "−")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("scoring.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "sentence": sentence}
    return environment
