"""A consistent copy of the ledger while others write: SQLite by its backup interface, PostgreSQL by its programs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import inspect, make_url

from dicom_node.backup.backup_folder import copy_file
from dicom_node.errors import BackupError
from dicom_node.ledger.ledger import Ledger

SQLITE_NAME: Final = "ledger.sqlite3"
POSTGRESQL_NAME: Final = "ledger.pgdump"
_LONGEST_SECONDS: Final = 6 * 3600.0


def copy_ledger(ledger: Ledger, folder: Path) -> Path:
    """One state of the ledger as a file in this folder. Raises BackupError."""
    if ledger.engine.dialect.name == "postgresql":
        target = folder / POSTGRESQL_NAME
        _postgresql("pg_dump", ledger, "--format=custom", f"--file={target}")
        target.chmod(0o600)
        return target
    target = folder / SQLITE_NAME
    target.touch(mode=0o600)
    with closing(sqlite3.connect(f"file:{sqlite_path(ledger)}?mode=ro", uri=True, timeout=30)) as source:
        try:
            with closing(sqlite3.connect(target)) as copy:
                source.backup(copy)  # in one step: one state, and writers go on meanwhile
                copy.execute("PRAGMA journal_mode=DELETE")
                fault = copy.execute("PRAGMA quick_check").fetchone()[0]
        except sqlite3.Error as error:
            raise BackupError(f"The ledger cannot be copied to {target} ({error}).") from None
    if fault != "ok":
        raise BackupError(f"The ledger is damaged ({fault}); restore it from an earlier backup.")
    _sync(target)
    return target


def refuse_used_ledger(ledger: Ledger) -> None:
    """Raises BackupError when there are tables already: a restore replaces nothing."""
    if ledger.engine.dialect.name == "postgresql":
        used = bool(inspect(ledger.engine).get_table_names())
    else:
        used = sqlite_path(ledger).exists()
    if used:
        raise BackupError("The database of [database] url holds a ledger already; name an empty one.")


def restore_ledger(ledger: Ledger, copy: Path) -> None:
    """The copy in its place, which is empty. Raises BackupError."""
    postgresql = ledger.engine.dialect.name == "postgresql"
    if postgresql != (copy.name == POSTGRESQL_NAME):
        raise BackupError(f"{copy} is not of the kind of database that [database] url names; restore it into its own.")
    if postgresql:
        _postgresql("pg_restore", ledger, "--single-transaction", "--exit-on-error", "--no-owner", str(copy))
    else:
        copy_file(copy, sqlite_path(ledger))


def sqlite_path(ledger: Ledger) -> Path:
    """The file of an SQLite ledger."""
    return Path(str(ledger.engine.url.database))


def _postgresql(program: str, ledger: Ledger, *arguments: str) -> None:
    """Run a program of PostgreSQL on this database. The password goes by the environment: arguments are public."""
    found = shutil.which(program)
    if found is None:
        raise BackupError(
            f"{program} is not installed here; install PostgreSQL's client programs, or back the database up with the "
            "means of its server, before the files of data_dir."
        )
    url = make_url(ledger.url)
    given = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    environment = os.environ | {name: str(value) for name, value in given.items() if value is not None}
    done = subprocess.run(
        [found, f"--dbname={url.database}", "--no-password", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_LONGEST_SECONDS,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise BackupError(f"{program} ended with status {done.returncode}: {said[-1][:200] if said else 'no word'}")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
