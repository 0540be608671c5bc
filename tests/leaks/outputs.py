"""What was done with the marked patient, and everything that anybody could read afterwards, by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.journey.running_node import RunningNode


@dataclass
class Everything:
    """What was done, and every output of it by name."""

    folder: Path
    node: RunningNode
    uids: dict[str, str] = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, bytes] = field(default_factory=dict)
    pages: dict[str, bytes] = field(default_factory=dict)

    def verbs(self, *calls: tuple[str, ...]) -> list[int]:
        """Calls of the command line, one after the other in one process that also finds the system that breaks.

        Each exit status; what they say, all together, is an output under the name of the first.
        """
        program = [sys.executable, "-c", _PROGRAM, json.dumps(calls)]
        environment = os.environ | self.node.environment
        done = subprocess.run(program, capture_output=True, env=environment, timeout=300, check=True)
        said, _, statuses = done.stdout.rpartition(b"\n")
        self.outputs[f"rheumascore {calls[0][0]} and {len(calls) - 1} more"] = said + done.stderr
        return list(json.loads(statuses))


_PROGRAM = """
import json, sys
from scoring.cli import main

statuses = []
for call in json.loads(sys.argv[1]):
    sys.argv[1:] = call
    try:
        main()
        statuses.append(0)
    except SystemExit as ended:
        statuses.append(ended.code)
print(end=chr(10) + json.dumps(statuses))
"""
