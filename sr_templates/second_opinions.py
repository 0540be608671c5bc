"""What another system says of the same images: a coded verdict, a sentence for the reader, lines that are read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ComparedTotal, ScoreResult, SecondOpinion
from scoring.second_opinion import DIFFERS
from scoring.spec import SystemSpec
from sr_templates import codes
from sr_templates.content_items import code
from sr_templates.errors import ForeignReportError
from sr_templates.exact_text import fields_of, line_of, needed, numbers_line, numbers_of


@dataclass(frozen=True, slots=True)
class OpinionSentence:
    """One opinion in words; ``differs``: a reader must look."""

    differs: bool
    words: str


def opinion_sentences(result: ScoreResult, spec: SystemSpec | None) -> list[OpinionSentence]:
    """One sentence for each opinion: every total that is beyond the intervals, else the widest of those that agree.

    Without a spec totals go by their keys.
    """
    return [_sentence(result, opinion, spec) for opinion in result.second_opinions]


def verdict_items(result: ScoreResult, name: CodedConcept = codes.OPINION_VERDICT) -> list[Dataset]:
    """The verdict of each opinion as a coded item."""
    return [code(name, opinion.verdict) for opinion in result.second_opinions]


def opinion_lines(result: ScoreResult) -> list[tuple[CodedConcept, str]]:
    """Whose opinion each is, and what it says of every total, to be read back."""
    lines = []
    for opinion in result.second_opinions:
        told = {"system": opinion.system, "result": opinion.digest, "scored at": opinion.scored_at}
        lines.append((codes.OPINION, line_of(told)))
        lines += [(codes.OPINION_TOTAL, line_of({"result": opinion.digest, **_fields(t)})) for t in opinion.totals]
    return lines


def read_opinions(
    verdicts: Sequence[CodedConcept], opinions: Sequence[str], totals: Sequence[str]
) -> tuple[SecondOpinion, ...]:
    """The opinions that ``verdict_items`` and ``opinion_lines`` wrote."""
    if len(verdicts) != len(opinions):
        raise ForeignReportError("The report has second opinions without a verdict; it is damaged.")
    told = [fields_of(line) for line in totals]
    return tuple(_opinion(verdict, fields_of(line), told) for verdict, line in zip(verdicts, opinions, strict=True))


def _sentence(result: ScoreResult, opinion: SecondOpinion, spec: SystemSpec | None) -> OpinionSentence:
    differs = opinion.verdict == DIFFERS
    told = [total for total in opinion.totals if total.beyond] if differs else opinion.totals[-1:]
    ours = {total.key: total.value for total in result.totals}
    words = "; ".join(_total_words(total, ours.get(total.key), spec) for total in told)
    if differs:
        return OpinionSentence(True, f"Second opinion of {opinion.system} differs, a reader must look: {words}.")
    return OpinionSentence(False, f"Second opinion of {opinion.system} agrees: {words}.")


def _total_words(total: ComparedTotal, ours: float | None, spec: SystemSpec | None) -> str:
    label = next((t.label for t in spec.totals if t.key == total.key), total.key) if spec else total.key
    here = "no value" if ours is None else f"{ours:.1f}"
    lower, upper = total.interval
    return f"{label} {here} here, {total.value:.1f} there (95 % {lower:.1f} to {upper:.1f})"


def _fields(total: ComparedTotal) -> dict[str, str]:
    return {
        "total": total.key,
        "value": numbers_line([total.value]),
        "interval": numbers_line(total.interval),
        "beyond": "yes" if total.beyond else "no",
    }


def _opinion(verdict: CodedConcept, fields: dict[str, str], told: Sequence[dict[str, str]]) -> SecondOpinion:
    digest = needed(fields, "result")
    totals = tuple(_totals(one for one in told if one.get("result") == digest))
    return SecondOpinion(needed(fields, "system"), digest, needed(fields, "scored at"), verdict, totals)


def _totals(told: Iterator[dict[str, str]]) -> Iterator[ComparedTotal]:
    for fields in told:
        numbers = [*numbers_of(needed(fields, "value")), *numbers_of(needed(fields, "interval"))]
        if len(numbers) != 3:
            raise ForeignReportError("A total of a second opinion lacks its value or interval; the report is damaged.")
        yield ComparedTotal(
            needed(fields, "total"), numbers[0], (numbers[1], numbers[2]), needed(fields, "beyond") == "yes"
        )
