"""Which systems a study goes to, which of its images each one scores, and why not the others.

Every image is judged by every system's ``[[accepts]]`` rules; every "no" names the attribute, what it held and what is
allowed. Of the accepted images the ones to score are chosen by the system's named rule (docs/routing.md):

``all``
    every accepted image.
``one_frontal_per_side``
    oblique and lateral views are left out (``oblique_view``); of a For Processing and a For Presentation exposure of
    one side the latter counts (``processing_twin``); of repeat exposures that declare the same side the latest counts
    (``repeat_exposure``: acquisition time, then instance number, then UID). Images that declare no side are all
    scored; the side is then found on the picture and the system chooses by the same order.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dicom_node.ledger.job_restarts import start_again
from dicom_node.ledger.jobs import add_job
from dicom_node.ledger.study_progress import ROUTING_SAYS, settle_study
from dicom_node.ledger.superseding import end_overtaken_scoring
from dicom_node.ledger.tables import JobRow, StudyRow
from dicom_node.ledger.timeline import change_state
from scoring.spec import FREE_TEXTS, AcceptRule, SystemSpec
from scoring.study import ImageReference, Study
from scoring.weights import all_weights

_ACTOR = "routing"
_LONGEST_FOUND = 64
_CODE_STRING = re.compile(r"[A-Z0-9 _.,()\\/-]*")
"""What of a header is repeated in a reason: a hostile one may hold anything, of any length, where a code belongs."""


@dataclass(frozen=True, slots=True)
class ImageVerdict:
    """One system's yes or no to one image. For a no: the attribute that decided, what it held, what is allowed."""

    system: str
    sop_instance_uid: str
    accepted: bool
    attribute: str = ""
    found: str = ""
    allowed: str = ""
    because: str = ""

    @property
    def sentence(self) -> str:
        """The verdict as an administrator reads it."""
        if self.accepted:
            return "accepted"
        return f"{self.attribute} is {self.found or 'empty'}, wanted {self.allowed}: {self.because}"


@dataclass(frozen=True, slots=True)
class ImageChoice:
    """One accepted image: to be scored or left out, by which rule."""

    image: ImageReference
    used: bool
    rule: str
    explanation: str


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """What one system makes of one study: a verdict on every image, and the choice among the accepted ones."""

    spec: SystemSpec
    verdicts: tuple[ImageVerdict, ...]
    choices: tuple[ImageChoice, ...]

    @property
    def accepts(self) -> bool:
        """True when there is at least one image to score."""
        return any(choice.used for choice in self.choices)

    @property
    def reason(self) -> str:
        """Why the system scores nothing of the study: the distinct verdicts, each once."""
        left_out = [f"{c.rule}: {c.explanation}" for c in self.choices if not c.used]
        refused = [v.sentence for v in self.verdicts if not v.accepted]
        return "; ".join(dict.fromkeys(left_out + refused)) or "the study holds no image"


def decide(study: Study, specs: Sequence[SystemSpec]) -> tuple[RoutingDecision, ...]:
    """Every system's decision on a study; nothing is written."""
    return tuple(_decide_one(study, spec) for spec in specs)


def route_study(session: Session, study: Study, specs: Sequence[SystemSpec]) -> tuple[str, ...]:
    """Write a scoring job for each system that accepts the study; the ids of the jobs that wait or run.

    In the caller's transaction. Nobody accepts: the study becomes ``no_system`` with each system's reason. Images of
    another kind that come later change no system's choice: what was scored stands, and the study is where its jobs are.
    """
    row = session.get_one(StudyRow, study.study_instance_uid)
    decisions = decide(study, specs)
    refusals = [{"code": ROUTING_SAYS, "text": d.reason, "system": d.spec.key} for d in decisions if not d.accepts]
    accepting = [d for d in decisions if d.accepts]
    if not accepting:
        none_installed = [{"code": ROUTING_SAYS, "text": "no scoring system is installed", "system": ""}]
        change_state(session, row, "no_system", _ACTOR, "No system scores this study", refusals or none_installed)
        return ()
    jobs = [_job(session, study, decision) for decision in accepting]
    unfinished = [job for job in jobs if job.state != "done"]
    anew = {job.subject["system"] for job in unfinished}
    reasons = [r for r in row.reasons if r["system"] not in anew] + refusals
    if unfinished:
        text = f"To be scored by {', '.join(sorted(anew))}"
        change_state(session, row, "scoring", _ACTOR, text, reasons)
    else:
        change_state(session, row, "scored", _ACTOR, "What came is scored by no system; the results stand", reasons)
        settle_study(session, study.study_instance_uid, _ACTOR)
    return tuple(job.id for job in unfinished)


def job_key(study: Study, decision: RoutingDecision) -> str:
    """Names a scoring job by what it is about, so that the same images twice are the same job."""
    parts = [study.study_instance_uid, decision.spec.key, decision.spec.sha256, weights_fingerprint(decision.spec)]
    parts += [decision.spec.protocol.sha256] if decision.spec.protocol else []
    parts += sorted(f"{c.image.content_sha256}:{c.used}:{c.rule}" for c in decision.choices)
    return f"score:{decision.spec.key}:{hashlib.sha256('|'.join(parts).encode()).hexdigest()}"


def weights_fingerprint(spec: SystemSpec) -> str:
    """SHA-256 over the digests of every weight file that takes part: other weights, another job."""
    digests = sorted(f"{record.role}:{record.sha256}" for record in all_weights(spec.weights_files))
    return hashlib.sha256("|".join(digests).encode()).hexdigest()


def judge_image(spec: SystemSpec, image: ImageReference) -> ImageVerdict:
    """One system's verdict on one image: the first rule that fails decides."""
    if not image.is_image:
        return ImageVerdict(
            spec.key, image.sop_instance_uid, False, "rows", "absent", "an image", "only images are scored"
        )
    for rule in spec.accepts:
        if not _fulfils(rule, image):
            return ImageVerdict(
                system=spec.key,
                sop_instance_uid=image.sop_instance_uid,
                accepted=False,
                attribute=rule.attribute,
                found=_found(rule, image),
                allowed=_allowed(rule),
                because=rule.because,
            )
    return ImageVerdict(spec.key, image.sop_instance_uid, True)


def _job(session: Session, study: Study, decision: RoutingDecision) -> JobRow:
    """The one scoring job of this system that is to be done, or was; it waits unless it runs or is done."""
    job = add_job(session, "score", job_key(study, decision), study.study_instance_uid, _subject(study, decision))
    end_overtaken_scoring(session, job, _ACTOR)
    if job.state in ("parked", "superseded"):
        start_again(session, job, _ACTOR)
    return job


def _decide_one(study: Study, spec: SystemSpec) -> RoutingDecision:
    verdicts = tuple(judge_image(spec, image) for image in study.images)
    accepted = [image for image, verdict in zip(study.images, verdicts, strict=True) if verdict.accepted]
    return RoutingDecision(spec, verdicts, _CHOICE[spec.choice](accepted))


def _subject(study: Study, decision: RoutingDecision) -> dict[str, object]:
    return {
        "system": decision.spec.key,
        "forced": study.forced,
        "images": [
            {
                "sop_instance_uid": c.image.sop_instance_uid,
                "content_sha256": c.image.content_sha256,
                "used": c.used,
                "rule": c.rule,
                "explanation": c.explanation,
            }
            for c in decision.choices
        ],
    }


def _fulfils(rule: AcceptRule, image: ImageReference) -> bool:
    value = getattr(image, rule.attribute)
    if isinstance(value, int):
        return (rule.at_least is None or value >= rule.at_least) and (rule.at_most is None or value <= rule.at_most)
    words = _words(rule.attribute, value)
    if not any(words):
        return rule.or_empty
    if rule.none_of and any(word in rule.none_of for word in words):
        return False
    return not rule.any_of or any(word in rule.any_of for word in words)


def _words(attribute: str, value: str | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    if attribute in FREE_TEXTS:
        return tuple("".join(c if c.isalnum() else " " for c in value).split())
    return (value.upper(),)


def _found(rule: AcceptRule, image: ImageReference) -> str:
    value = getattr(image, rule.attribute)
    if rule.attribute in FREE_TEXTS:  # they may hold a name: only the spec's own word is repeated
        words = _words(rule.attribute, value)
        return next((word for word in words if word in rule.none_of), "without any such word" if words else "")
    text = ("\\".join(value) if isinstance(value, tuple) else str(value))[:_LONGEST_FOUND]
    return text if _CODE_STRING.fullmatch(text) else "no code string"


def _allowed(rule: AcceptRule) -> str:
    parts = []
    if rule.any_of:
        parts.append("one of " + ", ".join(rule.any_of))
    if rule.none_of:
        parts.append("none of " + ", ".join(rule.none_of))
    if rule.at_least is not None:
        parts.append(f"at least {rule.at_least}")
    if rule.at_most is not None:
        parts.append(f"at most {rule.at_most}")
    return " and ".join(parts)


def _choose_all(images: Sequence[ImageReference]) -> tuple[ImageChoice, ...]:
    return tuple(ImageChoice(i, True, "all", "every accepted image is scored") for i in images)


def _choose_one_frontal_per_side(images: Sequence[ImageReference]) -> tuple[ImageChoice, ...]:
    choices = []
    frontal = [i for i in images if not i.is_oblique_or_lateral]
    for image in images:
        rivals = [i for i in frontal if i.laterality == image.laterality and i is not image]
        newer = [i for i in rivals if image.laterality and i.for_processing == image.for_processing]
        if image.is_oblique_or_lateral:
            choice = (False, "oblique_view", "an oblique or lateral view is not graded")
        elif image.for_processing and any(not i.for_processing for i in rivals):
            choice = (False, "processing_twin", "the exposure is also there for presentation")
        elif any(exposure_order(i) > exposure_order(image) for i in newer):
            choice = (False, "repeat_exposure", "a later exposure of this side is there")
        elif image.for_processing:
            choice = (True, "only_for_processing", "only raw values For Processing were sent")
        else:
            choice = (True, "one_frontal_per_side", "the latest frontal exposure of its side")
        choices.append(ImageChoice(image, *choice))
    return tuple(choices)


def exposure_order(image: ImageReference) -> tuple[str, int, str]:
    """Later exposures compare greater: acquisition time, then instance number, then UID."""
    return image.acquired_at, image.instance_number, image.sop_instance_uid


_CHOICE: dict[str, Callable[[Sequence[ImageReference]], tuple[ImageChoice, ...]]] = {
    "all": _choose_all,
    "one_frontal_per_side": _choose_one_frontal_per_side,
}
