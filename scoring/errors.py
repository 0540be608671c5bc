"""Every error of rheumascore, drawn as a tree. The other packages draw their branches in their own ``errors.py``.

    RheumascoreError                 RS-000
    ├── SpecError                    RS-101  a system's spec.toml or weights.toml says something it may not
    ├── UnknownSystemError           RS-102  no scoring system has this key
    ├── WeightsError                 RS-103  a weight file is missing, changed, or not listed
    ├── ModelsNotInstalledError      RS-104  torch and its friends are not there
    ├── BundleError                  RS-105  a bundle of a trained system cannot be written, or is not taken in
    ├── CardError                    RS-106  a model card is missing, or older than what it speaks of
    ├── ProtocolError                RS-107  a trial's protocol asks what no system knows, or more than can be
    ├── ImageUnreadableError         RS-110  a file is not DICOM, or its pixels cannot be decoded
    ├── ImageTooLargeError           RS-111  decoding it would take more memory than is allowed
    ├── ResultError                  RS-120  a stored result cannot be read, or contradicts itself
    ├── LabelError                   RS-130  a table of readings has a wrong cell
    ├── TrainingError                RS-131  a training cannot begin or go on
    ├── NotWrittenError              RS-132  a report, a card or a table could not be written whole
    └── AgreementError               RS-140  series of scores that cannot be compared
        └── UndefinedMeasureError    RS-141  a measure has no value for these series

A message says what was wanted, what was found, where, and what to do. It never holds patient data.
"Not evaluable" is a result (``scoring.result.NotEvaluable``), never an error.
"""

from __future__ import annotations

from typing import ClassVar, Final

UNFORESEEN: Final = "RS-350"
"""Code of an error that nobody foresaw, and of a job of which workers died."""


class RheumascoreError(Exception):
    """Root of all errors of ours; ``code`` is stable and explained in docs/errors.md."""

    code: ClassVar[str] = "RS-000"


class SpecError(RheumascoreError):
    """A system's spec.toml or weights.toml is wrong: file, key, what was found, what is allowed."""

    code = "RS-101"


class UnknownSystemError(RheumascoreError):
    """No scoring system has the key that was asked for."""

    code = "RS-102"


class WeightsError(RheumascoreError):
    """A weight file is missing, is not listed in weights.toml, or its SHA-256 differs."""

    code = "RS-103"


class ModelsNotInstalledError(RheumascoreError):
    """The extra ``models`` (torch, timm, monai, safetensors) is not installed."""

    code = "RS-104"


class BundleError(RheumascoreError):
    """A bundle of a trained system cannot be written, or holds what a bundle may not: nothing of it is used."""

    code = "RS-105"


class CardError(RheumascoreError):
    """A model card cannot be written from this evaluation, is missing, or is older than what it speaks of."""

    code = "RS-106"


class ProtocolError(RheumascoreError):
    """A trial.toml is wrong: file, every key, what was found, what is allowed."""

    code = "RS-107"


class ImageUnreadableError(RheumascoreError):
    """A file is not DICOM, holds no image, or its pixels cannot be decoded."""

    code = "RS-110"


class ImageTooLargeError(RheumascoreError):
    """Decoding the image would take more memory than the settings allow."""

    code = "RS-111"


class ResultError(RheumascoreError):
    """A stored result cannot be read back or contradicts its spec."""

    code = "RS-120"


class LabelError(RheumascoreError):
    """A table of readings has a wrong cell: row, column, what was found, what is allowed."""

    code = "RS-130"


class TrainingError(RheumascoreError):
    """A training cannot begin or go on: recipe, folder, checkpoint, disk, or a loss that is no number."""

    code = "RS-131"


class NotWrittenError(RheumascoreError):
    """What a command made could not be written: the disk is full, or the folder may not be written."""

    code = "RS-132"


class AgreementError(RheumascoreError):
    """Series handed to a measure of agreement cannot be compared: lengths, unknown values, values not allowed."""

    code = "RS-140"


class UndefinedMeasureError(AgreementError):
    """The series are sound, but the measure has no value for them: constant, of one class, or too few."""

    code = "RS-141"
