"""What our code never does: run data as code, unpickle, hand text to a shell, or build SQL out of strings (P16).

Read from the syntax tree of every file of the four packages, so a comment is no finding and an alias is none missed.

The rule for pickled objects: none is ever read from a file, a database, a broker or a network. Only while networks
are learnt do processes of our own making hand each other objects (``multiprocessing``, torch's ``DataLoader``), which
pickle on a pipe that nobody else can write; a running node has none of them. And numpy's arrays are read with
``allow_pickle=False``, torch's weights as safetensors.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicom_node.ledger.tables import LedgerTable
from dicom_node.queue.celery_app import celery_app
from dicom_node.secret import Secret
from dicom_node.settings import NodeSection, NodeSettings, QueueSection
from tests.test_house import ROOT, imports_of, source_files

NEVER_IMPORTED = {
    "pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "dbm", "copyreg", "yaml",
    "jsonpickle", "code", "codeop", "pty", "commands", "imp", "xmlrpc", "telnetlib", "ftplib", "gdcm", "monai.bundle",
    "torch.hub", "torch.package", "torch.jit", "onnxruntime", "pandas", "crypt", "lxml",
}  # fmt: skip
NEVER_CALLED = {
    "eval", "exec", "compile", "__import__", "execfile", "input", "breakpoint", "os.system", "os.popen", "os.execv",
    "os.execvp", "os.spawnl", "os.spawnv", "subprocess.getoutput", "subprocess.getstatusoutput", "tempfile.mktemp",
    "torch.load", "torch.save", "torch.jit.load", "torch.hub.load", "np.fromregex", "numpy.fromregex",
    "asyncio.create_subprocess_shell", "runpy.run_path", "runpy.run_module", "importlib.reload", "ctypes.CDLL",
    "ssl._create_unverified_context", "hashlib.md5", "hashlib.sha1", "random.seed", "pydoc.locate",
}  # fmt: skip
OF_OUR_OWN_PROCESSES = {"multiprocessing", "concurrent.futures"}
LEARNT_IN = ("scoring/anatomy/", "scoring/capillaroscopy/", "scoring/learning/", "scoring/systems/")
ALLOWED = {
    "dicom_node/ends_with_parent.py os.execv",  # becomes the part that the supervisor names, by a list of words
    "dicom_node/ends_with_parent.py ctypes.CDLL",  # prctl of this very process: nothing is loaded
    "dicom_node/freed_memory.py ctypes.CDLL",  # mallopt of this very process: nothing is loaded
}
FINDS_MODULES = {"scoring/catalogue.py", "scoring/networks/torch_start.py"}
"""By the key of an installed system, and torchvision by its name: never by a word of a data set or a request."""


def calls_of(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the full name of what is called: ``from os import system as s; s()`` is ``os.system``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {
                a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0] for a in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            aliases |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := dotted(node.func)):
            first, dot, rest = name.partition(".")
            yield aliases.get(first, first) + dot + rest, node


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of a name or attribute; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else f"?.{node.attr}"
    return ""


def named(path: Path, node: ast.Call) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def test_nothing_that_runs_or_unpickles_data_is_imported() -> None:
    found = {
        f"{path.relative_to(ROOT)} {name}"
        for path in source_files()
        for name, _ in calls_of(path)
        if name.removeprefix("builtins.") in NEVER_CALLED
    }
    assert found == ALLOWED


def test_no_shell_is_ever_started() -> None:
    found = {named(path, call) for path in source_files() for _, call in calls_of(path)
             if any(k.arg == "shell" and not _is(k.value, False) for k in call.keywords)}  # fmt: skip
    assert found == set()


def test_arrays_are_read_without_pickle() -> None:
    reads = [
        (path, call) for path in source_files() for name, call in calls_of(path) if name in ("numpy.load", "np.load")
    ]
    assert reads
    for path, call in reads:
        assert any(k.arg == "allow_pickle" and _is(k.value, False) for k in call.keywords), named(path, call)


def test_processes_hand_each_other_objects_only_where_networks_are_learnt() -> None:
    for path in source_files():
        where = path.relative_to(ROOT).as_posix()
        with_loader = "DataLoader" in path.read_text(encoding="utf-8")
        own = {name for name in imports_of(path) if name.startswith(tuple(OF_OUR_OWN_PROCESSES))}
        if own - {"concurrent.futures"} or with_loader:
            assert where.startswith(LEARNT_IN), where


@pytest.mark.parametrize("process", ["dicom_node.tasks", "dicom_node.receiving.listener", "core_lab.web.app"])
def test_a_node_loads_no_unpickler_of_files(process: str) -> None:
    """Celery itself imports pickle; what must not be there is what reads it from files."""
    program = f"import sys, json, {process}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"joblib", "shelve", "dill", "cloudpickle", "pandas", "onnxruntime", "gdcm", "monai"}


def test_modules_are_found_by_name_in_two_places_only() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in source_files() for name, _ in calls_of(path)
             if name in ("importlib.import_module", "importlib.util.spec_from_file_location")}  # fmt: skip
    assert found <= FINDS_MODULES


def test_sql_is_never_put_together_from_strings() -> None:
    """A statement is SQLAlchemy's or one constant; values go beside it."""
    found = set()
    for path in source_files():
        for name, call in calls_of(path):
            runs = name.split(".")[-1] in ("execute", "executescript", "executemany", "exec_driver_sql", "scalars")
            if (runs or name == "sqlalchemy.text") and call.args and _is_put_together(call.args[0]):
                found.add(named(path, call))
    assert found == set()


def _is_put_together(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return dotted(node.func).endswith(".format")
    if isinstance(node, ast.BinOp):
        return any(isinstance(n, (ast.Constant, ast.JoinedStr)) for n in ast.walk(node)) and _holds_text(node)
    return isinstance(node, ast.JoinedStr)


def _holds_text(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(node))


def test_no_path_is_made_of_a_data_set() -> None:
    """No attribute of a data set stands to the right of a ``/`` of paths, nor in ``os.path.join``."""
    of_a_data_set = {"PatientName", "PatientID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"}
    for path in source_files():
        assert "os.path.join" not in {name for name, _ in calls_of(path)}, path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                named_there = {n.attr for n in ast.walk(node.right) if isinstance(n, ast.Attribute)}
                assert not named_there & of_a_data_set, f"{path}:{node.lineno}"


def test_no_certificate_is_left_unchecked() -> None:
    for path in source_files():
        for _, call in calls_of(path):
            assert not any(k.arg == "verify" and _is(k.value, False) for k in call.keywords), named(path, call)


@pytest.mark.parametrize("url", ["", "amqp://guest@localhost", "redis://localhost/0"])
def test_messages_are_json_and_nothing_else_is_accepted(tmp_path: Path, url: str) -> None:
    app = celery_app(NodeSettings(node=NodeSection(data_dir=tmp_path), queue=QueueSection(url=Secret(url))))
    assert app.conf.task_serializer == app.conf.result_serializer == app.conf.event_serializer == "json"
    assert app.conf.accept_content == ["json"]
    assert set(app.conf.result_accept_content or ["json"]) == {"json"}
    assert app.conf.imports == app.conf.include == ()
    with app.connection_for_write() as connection:
        assert connection.as_uri().count(":") <= 3, "a password in it is hidden"


def test_no_column_of_the_ledger_is_pickled() -> None:
    kinds = {type(column.type).__name__ for table in LedgerTable.metadata.tables.values() for column in table.columns}
    assert "PickleType" not in kinds and "JSON" in kinds


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value
