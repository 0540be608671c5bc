"""The objects of a result for tests, written once for all tests that only read them."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import cache, lru_cache

from pydicom import config, dcmread
from pydicom.dataset import Dataset

from sr_templates import result_objects
from sr_templates.document_forms import SOP_CLASS_OF_FORM, DocumentForm, Extra
from sr_templates.result_objects import WrittenObject, write_result_objects
from sr_templates.writing import Role, Writing
from tests.sr_templates.results_for_tests import ResultForTests


@lru_cache(maxsize=64)
def objects_of(
    make: Callable[[], ResultForTests], form: DocumentForm = "comprehensive", extras: tuple[Extra, ...] = ()
) -> tuple[WrittenObject, ...]:
    """What is sent for the result that ``make`` builds; ``make`` must build the same every time."""
    return write(make(), form, extras)


def datasets_of(make: Callable[[], ResultForTests], form: DocumentForm = "comprehensive") -> list[Dataset]:
    """The same as datasets of one's own, free to be changed."""
    return [dcmread(io.BytesIO(one.content)) for one in objects_of(make, form)]


@cache
def reports_of(make: Callable[[], ResultForTests]) -> dict[DocumentForm, bytes]:
    """The report in every form; small enough to be kept for all tests, as the pictures are not.

    The pictures that it names are drawn once, for they are the same in every form.
    """
    made = make()
    home = result_objects._home(made.result, made.sources)
    reports = {}
    with config.disable_value_validation():
        writing = Writing(made.result, made.spec, made.sources, made.arrays, "comprehensive", home)
        _, links = result_objects._pictures(writing)
        for form in SOP_CLASS_OF_FORM:
            [(role, report)] = result_objects._report(replace(writing, form=form), links)
            reports[form] = result_objects._written(role, report).content
    return reports


def write(
    made: ResultForTests, form: DocumentForm = "comprehensive", extras: Collection[Extra] = ()
) -> tuple[WrittenObject, ...]:
    """Write a result that a test has changed."""
    return write_result_objects(made.result, made.spec, made.sources, made.arrays, form, extras).objects


def report_of(make: Callable[[], ResultForTests], form: DocumentForm = "comprehensive") -> Dataset:
    """The report alone, free to be changed."""
    return of_role(objects_of(make, form), "report")[0]


def of_role(objects: Iterable[WrittenObject], role: Role) -> list[Dataset]:
    """Those of one role, as datasets of one's own."""
    return [dcmread(io.BytesIO(one.content)) for one in objects if one.role == role]


def write_report(made: ResultForTests, form: DocumentForm = "comprehensive") -> Dataset:
    """The report of a result that a test has changed."""
    return dcmread(io.BytesIO(next(one.content for one in write(made, form) if one.role == "report")))
