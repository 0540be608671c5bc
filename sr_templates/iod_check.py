"""Our own check of a finished object, before it may be sent: modules, types, values, conditions, the content tree.

It knows what our objects rely on, not the whole Standard: dciodvfy judges that in the tests. Attributes copied from
the source's patient and study are checked for presence only; their values are not ours to correct.
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from sr_templates.errors import InvalidObjectError
from sr_templates.iod_conditions import CONDITIONS_OF
from sr_templates.iod_modules import MODULES_OF, Modules
from sr_templates.iod_values import refuse_wrong_values


def refuse_invalid_object(dataset: Dataset) -> None:
    """Raise InvalidObjectError naming the first attribute or content item that is not valid."""
    sop_class = str(dataset.get("SOPClassUID"))
    if sop_class not in MODULES_OF:
        raise InvalidObjectError(f"SOPClassUID {sop_class} is not one that is written here.")
    _refuse_gaps(dataset, MODULES_OF[sop_class])
    refuse_wrong_values(dataset)
    for refuse in CONDITIONS_OF[sop_class]:
        refuse(dataset)


def _refuse_gaps(dataset: Dataset, modules: Modules) -> None:
    for keyword in (*modules.filled, *modules.present, *modules.fixed):
        if keyword not in dataset:
            raise InvalidObjectError(f"{keyword} is missing.")
    for keyword in modules.filled:
        if dataset[keyword].is_empty:
            raise InvalidObjectError(f"{keyword} is empty; it must have a value.")
    for keyword, wanted in modules.fixed.items():
        if dataset.get(keyword) != wanted:
            raise InvalidObjectError(f"{keyword} must be {wanted}, found {dataset.get(keyword)!r}.")
