"""Every coded concept that our objects use and no spec.toml declares: what it is and where it is defined.

DCM and SCT entries are codes that DICOM itself carries (PS3.16); ``99RHEUM`` is this project's own scheme. Concepts of
a scoring system (its sites, items, totals, reasons) are declared in its spec.toml and are not repeated here.
A test walks every object and finds every code here or in the spec.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scoring.coded_concept import CodedConcept
from scoring.second_opinion import AGREES, DIFFERS
from scoring.spec import PERCENT as PERCENT_UNIT

PRIVATE_SCHEME: Final = "99RHEUM"

_table: dict[CodedConcept, str] = {}


def _defined(value: str, scheme: str, meaning: str, where: str) -> CodedConcept:
    concept = CodedConcept(value, scheme, meaning)
    _table[concept] = where
    return concept


# Document
IMAGING_MEASUREMENT_REPORT: Final = _defined("126000", "DCM", "Imaging Measurement Report", "CID 7021, TID 1500 row 1")
LANGUAGE: Final = _defined("121049", "DCM", "Language of Content Item and Descendants", "TID 1204 row 1")
ENGLISH: Final = _defined("en", "RFC5646", "English", "CID 5000")
PROCEDURE_REPORTED: Final = _defined("121058", "DCM", "Procedure reported", "TID 1500 row 4")
IMAGING_PROCEDURE: Final = _defined("363679005", "SCT", "Imaging procedure", "CID 100")
IMAGE_LIBRARY: Final = _defined("111028", "DCM", "Image Library", "TID 1600 row 1")
IMAGE_LIBRARY_GROUP: Final = _defined("126200", "DCM", "Image Library Group", "TID 1600 row 2")
IMAGING_MEASUREMENTS: Final = _defined("126010", "DCM", "Imaging Measurements", "TID 1500 row 6")
QUALITATIVE_EVALUATIONS: Final = _defined("C0034375", "UMLS", "Qualitative Evaluations", "TID 1500 row 12")
COMMENT: Final = _defined("121106", "DCM", "Comment", "CID 12101")

# Document in words (Basic Text)
DIAGNOSTIC_IMAGING_REPORT: Final = _defined("18748-4", "LN", "Diagnostic Imaging Report", "CID 7000, TID 2000 row 1")
SUMMARY: Final = _defined("55112-7", "LN", "Summary", "CID 7001")
FINDINGS: Final = _defined("59776-5", "LN", "Findings", "CID 7001")
PREVIOUS_FINDINGS: Final = _defined("18834-2", "LN", "Previous Findings", "CID 7001")
CURRENT_PROCEDURE: Final = _defined("55111-9", "LN", "Current Procedure Descriptions", "CID 7001")
KEY_IMAGES: Final = _defined("55113-5", "LN", "Key Images", "CID 7001")
CONCLUSION: Final = _defined("121077", "DCM", "Conclusion", "CID 7002")
PREVIOUS_FINDING: Final = _defined("121069", "DCM", "Previous Finding", "CID 7002")
PROCEDURE_DESCRIPTION: Final = _defined("121065", "DCM", "Procedure Description", "CID 7002")
BEST_ILLUSTRATION: Final = _defined("121080", "DCM", "Best illustration of finding", "CID 7003")
SOURCE_OF_MEASUREMENT: Final = _defined("121112", "DCM", "Source of Measurement", "CID 7003")

# Observer and algorithm
OBSERVER_TYPE: Final = _defined("121005", "DCM", "Observer Type", "TID 1002 row 1")
DEVICE: Final = _defined("121007", "DCM", "Device", "CID 270")
DEVICE_UID: Final = _defined("121012", "DCM", "Device Observer UID", "TID 1004 row 1")
DEVICE_NAME: Final = _defined("121013", "DCM", "Device Observer Name", "TID 1004 row 2")
DEVICE_MANUFACTURER: Final = _defined("121014", "DCM", "Device Observer Manufacturer", "TID 1004 row 3")
DEVICE_MODEL: Final = _defined("121015", "DCM", "Device Observer Model Name", "TID 1004 row 4")
DEVICE_SERIAL: Final = _defined("121016", "DCM", "Device Observer Serial Number", "TID 1004 row 5")
ALGORITHM_NAME: Final = _defined("111001", "DCM", "Algorithm Name", "TID 4019 row 1")
ALGORITHM_VERSION: Final = _defined("111003", "DCM", "Algorithm Version", "TID 4019 row 2")
ALGORITHM_PARAMETERS: Final = _defined("111002", "DCM", "Algorithm Parameters", "TID 4019 row 3")
PROCESSING_EQUIPMENT: Final = _defined("109102", "DCM", "Processing Equipment", "CID 7005")

# Image library
MODALITY: Final = _defined("121139", "DCM", "Modality", "TID 1602 row 1")
TARGET_REGION: Final = _defined("123014", "DCM", "Target Region", "TID 1602 row 2")
IMAGE_LATERALITY: Final = _defined("111027", "DCM", "Image Laterality", "TID 1602 row 3")
PIXEL_ROWS: Final = _defined("110910", "DCM", "Pixel Data Rows", "TID 1602")
PIXEL_COLUMNS: Final = _defined("110911", "DCM", "Pixel Data Columns", "TID 1602")
MODALITIES: Final = {
    concept.value: concept
    for concept in (
        _defined("CR", "DCM", "Computed Radiography", "CID 29"),
        _defined("DX", "DCM", "Digital Radiography", "CID 29"),
        _defined("RG", "DCM", "Radiographic imaging", "CID 29"),
        _defined("XC", "DCM", "External-camera Photography", "CID 29"),
        _defined("DMS", "DCM", "Dermoscopy", "CID 29"),
        _defined("GM", "DCM", "General Microscopy", "CID 29"),
        _defined("ES", "DCM", "Endoscopy", "CID 29"),
    )
}

# Measurement groups
MEASUREMENT_GROUP: Final = _defined("125007", "DCM", "Measurement Group", "TID 1410 row 1")
TRACKING_IDENTIFIER: Final = _defined("112039", "DCM", "Tracking Identifier", "TID 1410 row 2")
TRACKING_UID: Final = _defined("112040", "DCM", "Tracking Unique Identifier", "TID 1410 row 3")
FINDING: Final = _defined("121071", "DCM", "Finding", "TID 1410 row 3b")
FINDING_SITE: Final = _defined("363698007", "SCT", "Finding Site", "TID 1410 row 6")
LATERALITY: Final = _defined("272741003", "SCT", "Laterality", "TID 1410 row 7")
IMAGE_REGION: Final = _defined("111030", "DCM", "Image Region", "TID 1410 row 8")
ILLUSTRATION: Final = _defined("121200", "DCM", "Illustration of ROI", "TID 1410 row 9")
CERTAINTY: Final = _defined("111012", "DCM", "Certainty of Finding", "CID 6048")
DERIVATION: Final = _defined("121401", "DCM", "Derivation", "TID 300")
TOTAL: Final = _defined("255619001", "SCT", "Total", "CID 7464")
MAXIMUM: Final = _defined("56851009", "SCT", "Maximum", "CID 7464")
MEAN: Final = _defined("373098007", "SCT", "Mean", "CID 7464")
PRESENT: Final = _defined("121053", "DCM", "Present", "PS3.16 annex D; value of a finding")
ABSENT: Final = _defined("121054", "DCM", "Absent", "PS3.16 annex D; value of a finding")
PRESENCE: Final = (ABSENT, PRESENT)
"""Of the grades 0 and 1 of a finding."""
IMAGE_QUALITY: Final = _defined("111101", "DCM", "Image Quality", "CID 6016")
LATERALITIES: Final = {
    "R": _defined("24028007", "SCT", "Right", "CID 244"),
    "L": _defined("7771000", "SCT", "Left", "CID 244"),
    None: _defined("51440002", "SCT", "Bilateral", "CID 244"),
}
PERTAINS_TO: Final = _defined(
    "PERTAINS-TO", PRIVATE_SCHEME, "Pertains to", "modifier: which grade or sum of the group an item is about"
)
INTERVAL_LOWER: Final = _defined(
    "CI95-LOWER", PRIVATE_SCHEME, "Lower bound of 95% interval", "lower end of the interval of a grade or sum"
)
INTERVAL_UPPER: Final = _defined(
    "CI95-UPPER", PRIVATE_SCHEME, "Upper bound of 95% interval", "upper end of the interval of a grade or sum"
)
SITES_ASSESSED: Final = _defined(
    "N-ASSESSED", PRIVATE_SCHEME, "Number of grades in the sum", "grades given, out of those that were planned"
)
SITES_PLANNED: Final = _defined(
    "N-PLANNED", PRIVATE_SCHEME, "Number of planned grades", "grades that a complete reading has"
)
READINGS_USED: Final = _defined(
    "N-READINGS", PRIVATE_SCHEME, "Number of readings it rests on", "of a maximum, mean, count or category"
)
READINGS_POSSIBLE: Final = _defined(
    "N-POSSIBLE", PRIVATE_SCHEME, "Number of readings there could be", "of a maximum, mean, count or category"
)
DECIDING_RULE: Final = _defined(
    "DECIDING-RULE", PRIVATE_SCHEME, "Rule that decided the category", "one of the rules that the system declares"
)
NOT_SCORED: Final = _defined(
    "NOT-SCORED", PRIVATE_SCHEME, "Reason joint not scored", "in a group without a number for that grade"
)
NOT_ASSESSED: Final = _defined(
    "NOT-ASSESSED", PRIVATE_SCHEME, "Reason not assessed", "in place of a finding or a measurement of a picture"
)
ASSESSMENT_STATUS: Final = _defined(
    "ASSESS-STATUS", PRIVATE_SCHEME, "Assessment status", "one of the reading centre's words for a missing grade"
)
NOT_COMPUTABLE: Final = _defined(
    "NOT-COMPUTABLE", PRIVATE_SCHEME, "Reason sum not computable", "beside the counts, in place of the sum"
)
NO_VALUE: Final = _defined(
    "NO-VALUE", PRIVATE_SCHEME, "Reason no value is given", "in place of a maximum, mean, count or category"
)
NOT_EVALUABLE: Final = _defined(
    "NOT-EVALUABLE", PRIVATE_SCHEME, "Reason study not evaluable", "the study as a whole has no score"
)
STATUSES: Final = {
    "not_imaged": _defined("ST-NOT-IMAGED", PRIVATE_SCHEME, "Not imaged", "the site is on no image of the visit"),
    "not_assessable": _defined("ST-NOT-ASSESS", PRIVATE_SCHEME, "Not assessable", "imaged, but it cannot be graded"),
    "surgically_altered": _defined("ST-SURGERY", PRIVATE_SCHEME, "Surgically altered", "prosthesis or fusion"),
    "reader_declined": _defined("ST-DECLINED", PRIVATE_SCHEME, "Reader declined to grade", "a person chose not to"),
}
WITHDRAWN: Final = _defined(
    "WITHDRAWN", PRIVATE_SCHEME, "Withdrawn: found wrong by a person", "reason for which a result has no score any more"
)

# Time points and earlier visits
TIME_POINT: Final = _defined("C2348792", "UMLS", "Time Point", "TID 1502 row 1")
PROTOCOL_TIME_POINT: Final = _defined("126071", "DCM", "Protocol Time Point Identifier", "TID 1502 row 5")
BASELINE: Final = _defined("121079", "DCM", "Baseline", "CID 7003")
PREDECESSOR: Final = _defined(
    "PREDECESSOR", PRIVATE_SCHEME, "Digest of the replaced result", "the stored result that this one succeeds"
)
BASELINE_RESULT: Final = _defined(
    "BASELINE-RESULT", PRIVATE_SCHEME, "Digest of the baseline result", "the stored result of the first visit"
)
OPINION_VERDICT: Final = _defined(
    "OPINION-VERDICT", PRIVATE_SCHEME, "Agreement with another system", "do totals of the same images agree"
)
OPINION: Final = _defined("SECOND-OPINION", PRIVATE_SCHEME, "Second opinion", "which system and result was compared")
OPINION_TOTAL: Final = _defined(
    "OPINION-TOTAL", PRIVATE_SCHEME, "Total of the second opinion", "what the other system says of one of the totals"
)
for _verdict, _where in ((AGREES, "no total is beyond"), (DIFFERS, "a total is beyond: a reader must look")):
    _defined(_verdict.value, _verdict.scheme, _verdict.meaning, _where)
PRIOR_RESULT: Final = _defined(
    "PRIOR-RESULT", PRIVATE_SCHEME, "Earlier result", "when a predecessor or baseline was scored, and of which study"
)
PRIOR_OBJECT: Final = _defined(
    "PRIOR-OBJECT", PRIVATE_SCHEME, "Object of an earlier result", "by which archives know a predecessor or baseline"
)

RESULT_DIGEST: Final = _defined(
    "RESULT-DIGEST", PRIVATE_SCHEME, "Digest of this result", "SHA-256 of the stored result"
)
STORED_ORDER: Final = _defined(
    "STORED-ORDER", PRIVATE_SCHEME, "Order in the stored result", "of grades and sums, where it is not that of the spec"
)

# What is told in words (Qualitative Evaluations)
STATEMENT: Final = _defined(
    "STATEMENT", PRIVATE_SCHEME, "Statement on the weights", "what must be said wherever the result is shown"
)
EXPLANATION: Final = _defined(
    "EXPLANATION", PRIVATE_SCHEME, "Why there is no score", "of a study that is not evaluable, or was withdrawn"
)
NOTE: Final = _defined("NOTE", PRIVATE_SCHEME, "Note on the scoring", "what the system noticed and did about it")
MISSING_SITE_RULE: Final = _defined(
    "MISSING-RULE", PRIVATE_SCHEME, "Rule for missing sites", "how sums treat what was not graded"
)
LEARNT_FROM: Final = _defined(
    "LEARNT-FROM", PRIVATE_SCHEME, "What the weights learnt from", "one sentence for each weight file, from its record"
)
SOURCE_SHA256: Final = _defined(
    "SOURCE-SHA256", PRIVATE_SCHEME, "SHA-256 of the received instance", "the bytes as they arrived, before any change"
)
IMAGE_CHOICE: Final = _defined(
    "IMAGE-CHOICE", PRIVATE_SCHEME, "Why the image was read or left out", "the named rule of routing, and its reason"
)
HAND_FOUND: Final = _defined(
    "HAND-FOUND", PRIVATE_SCHEME, "Hand found", "image, side, box in pixels, how sure the side is, what the header says"
)
HEATMAP: Final = _defined(
    "HEATMAP", PRIVATE_SCHEME, "Heatmap", "image, method, what it explains, SHA-256 of the stored array"
)
GRADE_DETAIL: Final = _defined(
    "GRADE-DETAIL",
    PRIVATE_SCHEME,
    "Further facts of a grade",
    "probability of every grade, and what is out of the rule",
)
SUM_DETAIL: Final = _defined(
    "SUM-DETAIL", PRIVATE_SCHEME, "Further facts of a sum", "a share of which the percentage is not the very number"
)
MARKS: Final = _defined(
    "MARKS", PRIVATE_SCHEME, "Marks on an image", "image, what the marks are, SHA-256 of the stored array"
)
SALIENCY_OVERLAY: Final = _defined(
    "SALIENCY", PRIVATE_SCHEME, "Saliency map over the source image", "derivation of a heatmap picture"
)

# Segmentations
SPATIAL_CONCEPT: Final = _defined("309825002", "SCT", "Spatial and Relational Concept", "CID 7150")
SEGMENTATION_DERIVATION: Final = _defined("113076", "DCM", "Segmentation", "CID 7203")
ARTIFICIAL_INTELLIGENCE: Final = _defined("123110", "DCM", "Artificial Intelligence", "CID 7162")
SALIENCY: Final = _defined("130404", "DCM", "Saliency", "CID 217")
VISUAL_EXPLANATIONS: Final = {
    "Grad-CAM": _defined("130403", "DCM", "Gradient-weighted class activation", "CID 217"),
    "CAM": _defined("130402", "DCM", "Class activation", "CID 217"),
}
"""Methods of heatmaps that DICOM has a code for; any other is ``SALIENCY``."""

# Key Object Selections
FOR_RESEARCH: Final = _defined("113009", "DCM", "For Research", "CID 7010")
REJECTED_FOR_SAFETY: Final = _defined("113037", "DCM", "Rejected for Patient Safety Reasons", "CID 7010, CID 7031")
KEY_OBJECT_DESCRIPTION: Final = _defined("113012", "DCM", "Key Object Description", "TID 2010 row 7")

# Values that results carry without a spec
UNKNOWN: Final = _defined("261665006", "SCT", "Unknown", "CID 3703; quality of a result read from another's report")
for _value, _meaning in (("RID12", "Diagnostic"), ("RID13", "Limited"), ("RID14", "Non-diagnostic")):
    _defined(_value, "RADLEX", f"{_meaning} quality", "CID 7036")
for _value, _meaning in (("111209", "Positioning"), ("111210", "Motion blur"), ("111220", "Other failure")):
    _defined(_value, "DCM", _meaning, "CID 7011")

# Units
SCORE: Final = _defined("{score}", "UCUM", "score", "UCUM annotation; viewers print it beside the number")
COUNT: Final = _defined("{grades}", "UCUM", "grades", "UCUM annotation")
READINGS: Final = _defined("{readings}", "UCUM", "readings", "UCUM annotation")
PERCENT: Final = _defined(PERCENT_UNIT.value, PERCENT_UNIT.scheme, PERCENT_UNIT.meaning, "CID 7181")
PIXELS: Final = _defined("{pixels}", "UCUM", "Pixels", "TID 1602")

# References between objects
SOURCE_IMAGE: Final = _defined("121322", "DCM", "Source image for image processing operation", "CID 7202")

WHERE_DEFINED: Final[dict[CodedConcept, str]] = dict(_table)
"""The whole table: concept -> where DICOM defines it, or what it means in our own scheme."""


@dataclass(frozen=True, slots=True)
class CodingScheme:
    """A coding scheme as the Coding Scheme Identification Sequence names it (PS3.3 C.12.1.1.1.1)."""

    designator: str
    name: str
    uid: str = ""
    version: str = ""
    organisation: str = ""


CODING_SCHEMES: Final = {
    scheme.designator: scheme
    for scheme in (
        CodingScheme(PRIVATE_SCHEME, "rheumascore codes", version="1", organisation="rheumascore"),
        CodingScheme("DCM", "DICOM Controlled Terminology", "1.2.840.10008.2.16.4"),
        CodingScheme("LN", "LOINC", "2.16.840.1.113883.6.1"),
        CodingScheme("NCIt", "NCI Thesaurus", "2.16.840.1.113883.3.26.1.1"),
        CodingScheme("RADLEX", "RadLex Lexicon", "2.16.840.1.113883.6.256"),
        CodingScheme("RFC5646", "Tags for Identifying Languages", "2.16.840.1.113883.6.316"),
        CodingScheme("SCT", "SNOMED CT", "2.16.840.1.113883.6.96"),
        CodingScheme("UCUM", "Unified Code for Units of Measure", "2.16.840.1.113883.6.8"),
        CodingScheme("UMLS", "Unified Medical Language System", "2.16.840.1.113883.6.86"),
    )
}
