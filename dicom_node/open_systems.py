"""The scoring systems of one worker, each loaded once: ahead of its first study, or by that."""

from __future__ import annotations

from collections.abc import Callable

from dicom_node.settings import NodeSettings
from dicom_node.systems_in_use import as_set, systems_in_use
from scoring.catalogue import find_spec, open_spec
from scoring.contract import ScoringSystem


class OpenSystems:
    """None is open at first."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self._open: dict[str, ScoringSystem] = {}
        self._ahead: list[str] | None = None
        """Keys of those that nobody has tried to load ahead of their first study; None before the first try."""

    def system(self, key: str) -> ScoringSystem:
        """The system with its weights, or those that the settings name for it, as the trial wants it.

        Raises as ``open_spec`` does.
        """
        if key not in self._open:
            self._open[key] = open_spec(as_set(find_spec(key), self._settings))
        return self._open[key]

    def load_ahead(self, job_waits: Callable[[], bool]) -> bool:
        """Load those in use one by one, until all are open or a job waits: it is kept by what it needs itself alone.

        True when one was loaded. Raises as ``systems_in_use`` and ``system`` do; what could not be loaded is tried
        again by its first study only.
        """
        if self._ahead is None:
            self._ahead = [spec.key for spec in systems_in_use(self._settings.scoring, self._settings.trial)]
        before = len(self._open)
        while self._ahead and not job_waits():
            self.system(self._ahead.pop(0))
        return len(self._open) > before
