"""The objects of a result for tests, written once for all tests that only read them."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache

from pydicom import dcmread
from pydicom.dataset import Dataset

from sr_templates.document_forms import DocumentForm
from sr_templates.result_objects import WrittenObject, write_result_objects
from tests.sr_templates.results_for_tests import ResultForTests


@lru_cache(maxsize=64)
def objects_of(make: Callable[[], ResultForTests], form: DocumentForm = "comprehensive") -> tuple[WrittenObject, ...]:
    """What is sent for the result that ``make`` builds; ``make`` must build the same every time."""
    return write(make(), form)


def datasets_of(make: Callable[[], ResultForTests], form: DocumentForm = "comprehensive") -> list[Dataset]:
    """The same as datasets of one's own, free to be changed."""
    return [dcmread(io.BytesIO(one.content)) for one in objects_of(make, form)]


def write(made: ResultForTests, form: DocumentForm = "comprehensive") -> tuple[WrittenObject, ...]:
    """Write a result that a test has changed."""
    return write_result_objects(made.result, made.spec, made.sources, made.arrays, form).objects


def write_report(made: ResultForTests, form: DocumentForm = "comprehensive") -> Dataset:
    """The report of a result that a test has changed."""
    return dcmread(io.BytesIO(next(one.content for one in write(made, form) if one.role == "report")))
