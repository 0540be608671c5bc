"""Everything that can be written from some stored results, as digests: run as a program, in any surroundings.

    python -m tests.sr_templates.stored_bytes [--far]

``--far`` moves every clock of the process to the year 2096 before anything of ours is imported.
"""

from __future__ import annotations

import datetime
import sys
import time

FAR = 4_000_000_000


class FarDatetime(datetime.datetime):
    """Now is far away."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> FarDatetime:
        return cls.fromtimestamp(FAR, tz)

    today = utcnow = now


class FarDate(datetime.date):
    """Today is far away."""

    @classmethod
    def today(cls) -> FarDate:
        return cls.fromtimestamp(FAR)


def move_the_clocks() -> None:
    """Every way to ask for the time answers with ``FAR``; asked with a time of its own it answers as before."""
    for name in ("localtime", "gmtime", "ctime"):
        kept = getattr(time, name)
        setattr(time, name, lambda seconds=FAR, kept=kept: kept(seconds))
    strftime = time.strftime
    time.strftime = lambda form, moment=None: strftime(form, moment or time.localtime())  # type: ignore[assignment]
    time.time, time.time_ns = lambda: float(FAR), lambda: FAR * 10**9
    datetime.datetime, datetime.date = FarDatetime, FarDate  # type: ignore[misc]
    assert datetime.datetime.now().year == datetime.date.today().year == time.localtime().tm_year == 2096


def digests() -> list[str]:
    """One line for each object of each form: role, SOP Instance UID, SHA-256 of the file."""
    import hashlib
    from typing import get_args

    from sr_templates.document_forms import LADDER, Extra
    from sr_templates.result_objects import write_result_objects
    from tests.sr_templates import results_for_tests as results

    lines = []
    for make, forms in ((results.short, LADDER), (results.with_intervals, LADDER[:1])):
        made = make()
        for form in forms:
            written = write_result_objects(made.result, made.spec, made.sources, made.arrays, form, get_args(Extra))
            for one in written.objects:
                lines.append(f"{one.role} {one.sop_instance_uid} {hashlib.sha256(one.content).hexdigest()}")
    return lines


if __name__ == "__main__":
    if "--far" in sys.argv:
        move_the_clocks()
    sys.stdout.write("\n".join(digests()) + "\n")
