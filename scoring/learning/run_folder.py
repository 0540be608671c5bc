"""The folder of a training run: what it is, how far it is, what it made. Given the same command again, it goes on.

    split.json               who is in which part, where subjects are dealt to parts
    run.json                 what is trained: course and data, and beside it with which command, code and versions
    training_log.csv         one line an epoch
    parts/NAME.checkpoint    where a part stands that is not done
    parts/NAME.safetensors   the weights of a part that is

A recipe of several networks, folds or phases gives each its part; a part that is done is not trained again.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from scoring.errors import TrainingError
from scoring.learning.checkpoint import EpochRecord, State, write_whole
from scoring.learning.run_record import run_record
from scoring.learning.split import Split, read_split, write_split

RUN_FILE: Final = "run.json"
LOG_FILE: Final = "training_log.csv"
SPLIT_FILE: Final = "split.json"
_PARTS: Final = "parts"
_COLUMNS: Final = ("part", "epoch", "loss", "rate", "measure", "seconds", "samples_per_second")


class RunFolder:
    """One run, held by one process between ``with`` and its end."""

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        """``identity``: what must be equal for the run to go on.

        TrainingError when the folder holds another run, or another process trains in it.
        """
        self.folder, self._identity = folder, json.loads(json.dumps(identity))
        self._lock = -1

    def __enter__(self) -> Self:
        try:
            (self.folder / _PARTS).mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder / _PARTS, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise TrainingError(
                f"Another process trains in {self.folder.name}; wait for it, or name another folder."
            ) from None
        except OSError as error:
            raise TrainingError(
                f"The folder of the run, {self.folder}, cannot be used ({error.strerror}); name one that you may write."
            ) from None
        try:
            self._take_up()
        except TrainingError:
            os.close(self._lock)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """What failed before anything was learnt leaves no claim: once it is mended the folder is as good as new."""
        with contextlib.suppress(OSError):
            if error is not None and not any((self.folder / _PARTS).iterdir()):
                for claim in (RUN_FILE, SPLIT_FILE):
                    (self.folder / claim).unlink(missing_ok=True)
        os.close(self._lock)

    def part(self, name: str) -> RunPart:
        """One network, fold or phase of the run."""
        return RunPart(self, name)

    def kept(self, dealt: Split) -> Split:
        """The split that the run was begun with: ``dealt`` for a new one. LabelError when its file was changed."""
        path = self.folder / SPLIT_FILE
        if not path.exists():
            write_split(path, dealt)
        return read_split(path, dealt.data_sha256)

    def write_log(self, part: str, history: list[EpochRecord]) -> None:
        """Replace the lines of one part in the log."""
        path = self.folder / LOG_FILE
        kept: list[dict[str, Any]] = []
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                kept = [row for row in csv.DictReader(file) if row["part"] != part]
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
        for record in history:
            writer.writerow(
                {
                    "part": part,
                    "epoch": record.epoch + 1,
                    "loss": f"{record.loss:.6g}",
                    "rate": f"{record.rate:.4g}",
                    "measure": "" if record.measure is None else f"{record.measure:.6g}",
                    "seconds": f"{record.seconds:.1f}",
                    "samples_per_second": f"{record.samples_per_second:.1f}",
                }
            )
        write_whole(path, text.getvalue().encode())

    def _take_up(self) -> None:
        path = self.folder / RUN_FILE
        if not path.exists():
            write_whole(path, (json.dumps(self._identity | {"record": run_record()}, indent=2) + "\n").encode())
            return
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            found.pop("record", None)
        except (OSError, ValueError, AttributeError):
            raise TrainingError(f"{path} cannot be read; remove the folder, or train into another.") from None
        if differing := sorted(
            k for k in found.keys() | self._identity.keys() if found.get(k) != self._identity.get(k)
        ):
            said = "; ".join(f"{key}: there {found.get(key)!r}, now {self._identity.get(key)!r}" for key in differing)
            raise TrainingError(
                f"{self.folder.name} holds another run ({said}). Give the command it was begun with to go on with it, "
                "or name another folder."
            )


class RunPart:
    """One part of a run."""

    def __init__(self, run: RunFolder, name: str) -> None:
        self.run, self.name = run, name
        folder = run.folder / _PARTS
        self.checkpoint, self.weights = folder / f"{name}.checkpoint", folder / f"{name}.safetensors"

    def restore(self, network: nn.Module) -> bool:
        """Give the network the weights of a part that is done; False when it is not.

        TrainingError when they are damaged, or of another network.
        """
        if not self.weights.exists():
            return False
        try:
            network.load_state_dict(load_file(self.weights), strict=True)
        except (SafetensorError, OSError, RuntimeError) as error:
            raise TrainingError(
                f"{self.weights.name} cannot be taken up ({type(error).__name__}): it is damaged, or of the network of "
                "another version. Remove it to learn this part anew, or train into another folder."
            ) from None
        return True

    def finish(self, weights: State) -> None:
        """Keep the weights; the checkpoint is not needed any more."""
        write_whole(self.weights, save({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}))
        self.checkpoint.unlink(missing_ok=True)
