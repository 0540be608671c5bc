"""Templates and the way numbers, times and names are written on the page. Everything from a file is escaped."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

STATE_WORDS = {
    "receiving": "receiving",
    "complete": "complete",
    "scoring": "scoring",
    "scored": "scored",
    "held": "held",
    "delivering": "delivering",
    "delivered": "delivered",
    "not_evaluable": "not evaluable",
    "no_system": "no system",
    "failed": "failed",
}
"""A state as people read it; the same key names its colour in the style sheet."""


def render(template: str, **values: Any) -> str:
    """One page as HTML."""
    return _environment().get_template(template).render(**values)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("core_lab.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["zone"] = datetime.now(UTC).astimezone().tzname()
    environment.filters |= {
        "local_time": local_time,
        "uid_tail": uid_tail,
        "seconds": seconds,
        "amount": amount,
        "state_word": lambda state: STATE_WORDS.get(state, state),
    }
    return environment


def local_time(iso: str, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A UTC time in this machine's zone."""
    return datetime.fromisoformat(iso).astimezone().strftime(form)


def uid_tail(uid: str) -> str:
    """The last eight characters: enough to tell studies apart, too little to look one up elsewhere."""
    return f"…{uid[-8:]}" if len(uid) > 8 else uid


def seconds(value: float) -> str:
    """A duration: 0.84 s, 12.3 s, 4 min 10 s, 3 h 20 min."""
    if value < 10:
        return f"{value:.2f} s"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def amount(value: float) -> str:
    """A sum of expected grades: one decimal."""
    return f"{value:.1f}"
