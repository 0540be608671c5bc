"""An attribute of the source that an object of ours repeats, when what the source says is valid."""

from __future__ import annotations

from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import validate_value


def copy_valid(target: Dataset, header: Dataset, keyword: str) -> None:
    """Take an attribute of the source over when its values are valid; ours must be, whatever the source's are."""
    if not header.get(keyword):
        return
    element = header[keyword]
    values = element.value if element.VM > 1 else [element.value]
    try:
        for value in values:
            validate_value(element.VR, str(value), config.RAISE)
    except ValueError:
        return
    target.add(DataElement(element.tag, element.VR, element.value))
