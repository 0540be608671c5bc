"""The cells of one row of a table of readings, as typed values; a wrong cell is noted and reading goes on."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar, get_args

from scoring.learning.label import ORDER_MODES, Label, LabelItem, highest_value
from scoring.learning.table_faults import TableFaults
from scoring.result import ItemStatus
from scoring.score_rules.sharp_van_der_heijde import SIDES

T = TypeVar("T", bound=str)

STATUSES: Final[tuple[ItemStatus, ...]] = get_args(ItemStatus)
NOT_EVALUABLE: Final = "NE"
"""A reader's word for a site that cannot be graded, in place of a value."""
_FARTHEST_PIXEL: Final = 1e5


@dataclass(frozen=True)
class LabelCells:
    """A row and where it stands; ``sites`` of each item allowed there.

    With ``comma_is_decimal`` the table's columns are not parted by commas.
    """

    row: int
    cells: Mapping[str, str]
    faults: TableFaults
    sites: Mapping[LabelItem, tuple[str, ...]]
    comma_is_decimal: bool
    readers: Collection[str] | None = None

    def label(self) -> Label | None:
        """The reading; ``None`` when a cell is wrong, all wrong cells of the row having been noted."""
        side, item = self._choice("side", SIDES), self._choice("item", tuple(self.sites))
        site = self._choice("site", self.sites[item]) if item else None
        if not (image := self._text("image")):
            self._fault("image", "the name of a file")
        status = self._status()
        highest = highest_value(item) if item else 0
        value = self._number("value", 0, highest) if status == "scored" and item else None
        if status not in (None, "scored") and self._text("value").upper() not in ("", NOT_EVALUABLE):
            self._fault("value", f"no value beside the status {status}")
        order_mode = self._choice("order_mode", ORDER_MODES)
        reading, date = self._reading(), self._date()
        x, y = self._place()
        self._known_reader()
        if side is None or item is None or site is None or status is None or order_mode is None or reading is None:
            return None
        return Label(
            subject=self._text("subject") or image,
            visit=self._text("visit"),
            image=image,
            side=side,
            site=site,
            item=item,
            value=value,
            status=status,
            reader=self._text("reader"),
            reading=reading,
            date=date,
            order_mode=order_mode,
            centre=self._text("centre"),
            x=x,
            y=y,
        )

    def _text(self, column: str) -> str:
        return self.cells.get(column, "").strip()

    def _fault(self, column: str, wanted: str) -> None:
        self.faults.cell(self.row, column, self._text(column), wanted)

    def _choice(self, column: str, allowed: tuple[T, ...]) -> T | None:
        found = next((one for one in allowed if one == self._text(column)), None)
        if found is None:
            self._fault(column, f"one of {', '.join(one for one in allowed if one)}")
        return found

    def _status(self) -> ItemStatus | None:
        said = self._text("status")
        if NOT_EVALUABLE in (said.upper(), "" if said else self._text("value").upper()):
            return "not_assessable"
        return self._choice("status", STATUSES) if said else "scored"

    def _number(self, column: str, low: float, high: float) -> float | None:
        found = self._text(column)
        if re.fullmatch(r"[+-]?\d+,\d+", found):
            # "1,234" between commas may be a thousand and more; between semicolons the comma is the decimal mark
            if not self.comma_is_decimal and len(found.partition(",")[2]) == 3:
                self._fault(column, "a number with a decimal point: the comma may part thousands")
                return None
            found = found.replace(",", ".")
        try:
            value = float(found)
        except ValueError:
            self._fault(column, "a number")
            return None
        if not low <= value <= high:
            self._fault(column, f"a number from {low:g} to {high:g}")
            return None
        return value

    def _reading(self) -> int | None:
        found = self._text("reading") or "1"
        if re.fullmatch(r"0*[1-9]\d{0,3}", found):
            return int(found)
        self._fault("reading", "a whole number from 1: the first reading, its repeat, ...")
        return None

    def _date(self) -> datetime.date | None:
        found = self._text("date")
        try:
            return datetime.date.fromisoformat(found) if found else None
        except ValueError:
            self._fault("date", "a date as 2024-05-31 or 20240531")
            return None

    def _place(self) -> tuple[float | None, float | None]:
        if not (self._text("x") and self._text("y")):
            return None, None
        x, y = (self._number(axis, -_FARTHEST_PIXEL, _FARTHEST_PIXEL) for axis in ("x", "y"))
        return x, y

    def _known_reader(self) -> None:
        if self.readers is not None and self._text("reader") not in self.readers:
            self._fault("reader", f"one of {', '.join(sorted(self.readers))}")
