"""Tables about the scoring systems that are installed: what they read, their codes, their reasons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from docs.code_facts import markdown_table
from scoring.capillaroscopy.figures_in_words import measures_in_words
from scoring.capillaroscopy.picture_quality import ADVICE
from scoring.catalogue import list_systems
from scoring.coded_concept import CodedConcept
from scoring.spec import AcceptRule, SystemSpec
from sr_templates import codes


def systems() -> str:
    """What each system asks of an image, in its order."""
    rows = [
        (f"{spec.key} {spec.version}", rule.attribute.replace("_", " "), _asked(rule), rule.because)
        for spec in list_systems()
        for rule in spec.accepts
    ]
    return markdown_table(("system", "asked of every image", "allowed", "because"), rows)


def _asked(rule: AcceptRule) -> str:
    parts = []
    if rule.any_of:
        parts.append(f"one of {', '.join(rule.any_of)}")
    if rule.none_of:
        parts.append(f"none of {', '.join(rule.none_of)}")
    if rule.at_least is not None:
        parts.append(f"at least {rule.at_least}")
    if rule.at_most is not None:
        parts.append(f"at most {rule.at_most}")
    return ", ".join(parts) + (", or nothing" if rule.or_empty else "")


def system_codes() -> str:
    """Every code that a system declares, and where it stands in a report."""
    found: dict[CodedConcept, dict[str, None]] = {}
    for spec in list_systems():
        for concept, use in _declared(spec):
            found.setdefault(concept, {})[f"{spec.key}: {use}"] = None
    rows = [(f"`{c.value}`", c.scheme, c.meaning, "; ".join(uses)) for c, uses in found.items()]
    return markdown_table(("code value", "scheme", "code meaning", "used as"), rows)


_ITEM_USES: Final = {"present": "present or absent", "measurement": "measurement"}


def _declared(spec: SystemSpec) -> Iterator[tuple[CodedConcept, str]]:
    yield spec.finding, "Finding of a site"
    yield spec.summary_finding, "Finding of the sums"
    yield spec.region, "Finding Site of the sums, Target Region"
    for item in spec.items:
        yield item.concept, f"grade 0 to {item.highest}" if item.scale == "grade" else _ITEM_USES[item.scale]
        if item.expected_concept:
            yield item.expected_concept, "expected value of that grade" if item.scale == "grade" else "probability"
    for total in spec.totals:
        yield total.concept, total.derivation
        if total.expected_concept:
            yield total.expected_concept, "expected value of that sum"
        for category in total.categories:
            yield category, "category"
    for concept in spec.rules.values():
        yield concept, "rule that decides a category"
    for site in spec.sites:
        yield site.concept, f"Finding Site {site.label}"
    for concept in spec.reasons.values():
        yield concept, "reason"


_ADVICE: Final = {
    "outside_image": "The joint is cut off or lies beside the film. Film the whole hand again if the protocol asks it.",
    "not_imaged": "Only one hand was sent. Send the other one; the report is then written anew.",
    "uncertain": "The software is not sure enough. A reader must grade this joint.",
    "no_hand": "Check that the right image was sent. If it is a hand, report it to the study team with the image.",
    "image_unreadable": "The file is damaged or of a rare kind. Send it again; if that fails, ask the PACS team.",
    **ADVICE,
    "under_exposed": "Of a film: too little dose, or wrong window; repeat only if the protocol asks it. "
    f"Of a photograph: {ADVICE['under_exposed']}",
    "over_exposed": "Of a film: too much dose, or wrong window; repeat only if the protocol asks it. "
    f"Of a photograph: {ADVICE['over_exposed']}",
    "not_calibrated": "Give the scale of the lens with the pictures (`wrap --um-per-px`, or on the upload page).",
    "not_sharp": "Its findings are given, its measures are not. A sharper picture of that finger gives both.",
    "no_row": "Take the picture again with the row of loops next to the nail in sight.",
    "other": "Read the words beside it. Ask the study team.",
    "incomplete": "The sum over all joints is not given because at least one joint has no grade. See which.",
    "none_assessed": "No joint of this side has a grade, so there is no sum.",
}
_ADVICE_OF_CODE: Final = {
    "NC-NO-PICTURE": "See why at each picture of this finger, or of the visit, and take them again.",
    codes.WITHDRAWN.value: "A person took the result back. Do not use it. Read why in the new report.",
}


def reasons() -> str:
    """Each coded reason of a missing number, and what a site does about it."""
    rows: dict[str, tuple[str, str, str]] = {}
    for spec in list_systems():
        for key, concept in spec.reasons.items():
            advice = _ADVICE_OF_CODE.get(concept.value) or _ADVICE.get(key, "Ask the study team.")
            rows[concept.value] = (f"`{concept.value}`", concept.meaning, advice)
    for concept in codes.WHERE_DEFINED:
        if concept.value in _ADVICE_OF_CODE:
            rows[concept.value] = (f"`{concept.value}`", concept.meaning, _ADVICE_OF_CODE[concept.value])
    return markdown_table(("code", "words in the report", "what to do"), list(rows.values()))


def statuses() -> str:
    """The words of a missing grade."""
    rows = [(f"`{c.value}`", c.meaning, codes.WHERE_DEFINED[c]) for c in codes.STATUSES.values()]
    return markdown_table(("code", "words in the report", "meaning"), rows)


def nailfold_measures() -> str:
    """How well capillaries of drawn nailfolds are found and measured."""
    return "\n".join(measures_in_words())
