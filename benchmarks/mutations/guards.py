"""Find the guards: every fsync, lease check, fencing check, status check, and what else must not be left out.

Nothing is listed by hand. A guard is a condition whose words belong to a kind below, or a statement that calls what
brings bytes to disk, confirms a lease or writes the audit trail; whoever adds one finds it in the next run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from benchmarks.mutations.mutant import Mutant, fingerprint, on_one_line

PLACES: Final = ("dicom_node", "scoring/weights.py", "sr_templates/read_back.py")
"""Where a guard counts; below them every file."""
_SHOWN_ONLY: Final = re.compile(r"/(demo\w*|health|study_status|\w+_table|\w+_verbs?|cli)\.py$")
"""Files that tell people what is so, and decide nothing."""
_SETTINGS_CHECK: Final = re.compile(r"_?faults_of_")
"""Functions that say what is wrong in a node.toml, before there is a node."""
_CONDITIONS: Final = {
    "fencing": re.compile(r"fencing$|^change_jobs$"),
    "lease": re.compile(r"^_?lease_(owner|until|seconds)$|^is_gone$|^is_due$"),
    "digest": re.compile(r"sha256|digest|hash|^checked_bytes$"),
    "identity": re.compile(
        r"sop_(class|instance)_uid|SOP(Class|Instance)UID|MessageID|transaction_uid|well_formed_uid"
    ),
    "admission": re.compile(
        r"ae_title|^address$|^may_(send|store)$|^reports_|^calls_as$|protocol_version|application_context"
        r"|max_associations|^(sender|reporters|_addresses)$|certificate|tls$|passcode"
    ),
    "status": re.compile(r"[sS]tatus$|^verdict$|commit_failure|ASK_AGAIN|^event_type$|^answered_at$|^may_be_there$"),
    "state": re.compile(r"^state$|^current$|^is_current$|^withdraws$|^attempts(_allowed)?$"),
}
"""By the names in a condition; the first kind that fits is taken."""
_ANSWERS: Final = {
    "admission": re.compile(r"\bRejection\b"),
    "status": re.compile(r"\b(ObjectAnswer|StoreAnswer|ReportAnswer|Verdict)\b"),
    "lease": re.compile(r"\bLeasedJob\b"),
}
"""By what a function returns: whatever its conditions are called, they decide on it."""
_STATEMENTS: Final = {
    "fsync": re.compile(r"^(fsync|fdatasync|sync_folder)$"),
    "fencing": re.compile(r"^(confirm_lease|_change_leased)$"),
    "audit": re.compile(r"^(record|note_entry|write_entries|_note_refusal|_note)$"),
    "commit": re.compile(r"^commit$"),
}
"""By the function that is called."""
_CODES: Final = re.compile(r"^_?(LATER|NEVER|SENT_WITH_NOTE|ASK_AGAIN|NOT_OFFERED)$")
"""Tables of DICOM status codes: each entry is a status check."""
_IN_TEXT: Final = {
    "synchronous=FULL": ("fsync", "synchronous=OFF"),
    "BEGIN IMMEDIATE": ("lease", "BEGIN"),
    "CREATE TRIGGER": ("audit", ""),
}
"""Guards that are words of SQL."""
_WITHOUT_LEASE: Final = "session.get_one(__import__('dicom_node.ledger.tables', fromlist='*').JobRow, leased.id)"
_WORDS_ONLY: Final = re.compile(r"^(debug|info|warning|error|critical|exception|log|record|echo|print)$")


def find_guards(root: Path) -> list[Mutant]:
    """Every guard below ``root``, in the order of files and lines."""
    found: list[Mutant] = []
    for place in PLACES:
        path = root / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if not _SHOWN_ONLY.search(file.as_posix()):
                found += _Finder(file.read_bytes(), file.relative_to(root).as_posix()).mutants()
    return found


class _Finder(ast.NodeVisitor):
    """Walks one file and remembers in which function it is."""

    def __init__(self, source: bytes, path: str) -> None:
        self._source, self._path = source, path
        self._tree = ast.parse(source)
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._syncing = _functions_that_sync(self._tree)
        self._where: list[ast.AST] = []
        self._found: list[Mutant] = []

    def mutants(self) -> list[Mutant]:
        self.visit(self._tree)
        return self._found

    # Where we are

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node)

    def _inside(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        if _SETTINGS_CHECK.match(node.name):
            return
        self._where.append(node)
        self._visit_statements(node.body)
        self.generic_visit(node)
        self._where.pop()

    def visit_Module(self, node: ast.Module) -> None:
        self._visit_statements(node.body)
        self.generic_visit(node)

    # Statements

    def _visit_statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self._try_call(statement)
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                self._try_codes(statement)
            if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                for field in ("body", "orelse", "finalbody"):
                    self._visit_statements(getattr(statement, field, []))
                for handler in getattr(statement, "handlers", []):
                    self._visit_statements(handler.body)
        steps = [s for s in body if not (isinstance(s, ast.Expr) and _called(s.value) == "crash_at")]
        for statement, following in pairwise(steps):
            self._try_order(statement, following)

    def _try_call(self, statement: ast.stmt) -> None:
        if not isinstance(statement, ast.Expr | ast.Assign) or not isinstance(statement.value, ast.Call):
            return
        called = _called(statement.value)
        kind = next((k for k, words in _STATEMENTS.items() if words.search(called)), None)
        kind = "fsync" if called in self._syncing else kind
        if isinstance(statement, ast.Expr):
            if kind:
                self._add(kind, statement, "pass")
        elif called == "confirm_lease":
            self._add("fencing", statement.value, _WITHOUT_LEASE)

    def _try_order(self, statement: ast.stmt, following: ast.stmt) -> None:
        """What must be on disk before it gets its name."""
        if not (isinstance(statement, ast.Expr) and isinstance(following, ast.Expr)):
            return
        first, second = _called(statement.value), _called(following.value)
        if (first == "fsync" or first in self._syncing) and second in ("rename", "replace", "link"):
            start, end = self._span(statement)[0], self._span(following)[1]
            swapped = self._bytes(following) + b"\n" + b" " * statement.col_offset + self._bytes(statement)
            self._append("order", start, end, swapped.decode())

    def _try_codes(self, statement: ast.Assign | ast.AnnAssign) -> None:
        target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
        if not (isinstance(target, ast.Name) and _CODES.match(target.id)):
            return
        for table in ast.walk(statement.value or target):
            if isinstance(table, ast.Dict):
                for key in table.keys:
                    if key is not None:
                        self._add("status", key, "-1")
            elif isinstance(table, ast.Set):
                for element in table.elts:
                    self._add("status", element, "-1")

    # Conditions

    def visit_If(self, node: ast.If) -> None:
        if _turns_away(node.body):
            self._condition(node.test, alone="False", in_and="False")
        else:
            self._condition(node.test, alone="True")
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        allowed = isinstance(node.body, ast.Constant) and node.body.value is None
        self._condition(node.test, alone="True" if allowed else "False")
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._condition(test, alone="True")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if isinstance(node.value, ast.Compare | ast.BoolOp):
            self._condition(node.value, alone="True")
        self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        if isinstance(node.body, ast.Compare | ast.BoolOp):
            self._condition(node.body, alone="True")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Compare | ast.BoolOp):
            self._condition(node.value, alone="True")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = _called(node)
        if _WORDS_ONLY.match(called):
            return  # what is said, not what is done
        if called in ("where", "filter"):
            for argument in node.args:
                self._leaf(argument, "__import__('sqlalchemy').true()")
        if called in ("any", "all") and node.args and isinstance(node.args[0], ast.GeneratorExp):
            self._condition(node.args[0].elt, alone="True")
        for keyword in node.keywords:
            if keyword.arg == "fencing" and isinstance(keyword.value, ast.BinOp):
                self._add("fencing", keyword.value, ast.unparse(keyword.value.left))
        self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._text(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._text(node)

    def _condition(self, test: ast.expr, alone: str, in_and: str = "True") -> None:
        """Each leaf: out of ``and`` and ``or`` it is taken; one that stands alone becomes ``alone``."""
        if isinstance(test, ast.BoolOp):
            for value in test.values:
                self._condition(value, in_and if isinstance(test.op, ast.And) else "False", in_and)
        else:
            self._leaf(test, alone)

    def _leaf(self, test: ast.expr, replacement: str) -> None:
        names = list(_names(test))
        if isinstance(test, ast.Compare) and "leased" in names and "subject" not in names:
            names.append("lease_owner")
        if isinstance(test, ast.Compare) and names == ["peer"]:
            names.append("sender")
        for kind, words in _CONDITIONS.items():
            if any(words.search(name) for name in names):
                self._add(kind, test, replacement)
                return
        if kind := self._answers():
            self._add(kind, test, replacement)

    def _answers(self) -> str:
        """The kind of every condition in a function that answers a peer, or takes a lease."""
        function = self._where[-1] if self._where else None
        if not isinstance(function, ast.FunctionDef) or function.returns is None:
            return ""
        returns = ast.unparse(function.returns)
        return next((kind for kind, words in _ANSWERS.items() if words.search(returns)), "")

    def _text(self, node: ast.Constant | ast.JoinedStr) -> None:
        if self._found and self._found[-1].end >= self._span(node)[1] and self._found[-1].start <= self._span(node)[0]:
            return
        said = self._bytes(node).decode()
        for words, (kind, instead) in _IN_TEXT.items():
            if words in said and not said.lstrip("frb").startswith('"""'):
                self._add(kind, node, said.replace(words, instead) if instead else "'SELECT 1'")

    # Writing down

    def _add(self, kind: str, node: ast.expr | ast.stmt, replacement: str) -> None:
        self._append(kind, *self._span(node), replacement)

    def _append(self, kind: str, start: int, end: int, replacement: str) -> None:
        removed = on_one_line(self._source[start:end].decode())
        function = ".".join(getattr(node, "name", "") for node in self._where)
        alike = [m for m in self._found if (m.function, m.removed, m.replacement) == (function, removed, replacement)]
        holder = self._bytes(self._where[-1]) if self._where else self._source[start:end]
        self._found.append(
            Mutant(
                self._path, function, kind, removed, start, end, replacement, len(alike), fingerprint(holder.decode())
            )
        )

    def _span(self, node: ast.AST) -> tuple[int, int]:
        assert isinstance(node, ast.expr | ast.stmt)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._lines[node.lineno - 1] + node.col_offset,
            self._lines[node.end_lineno - 1] + node.end_col_offset,
        )

    def _bytes(self, node: ast.AST) -> bytes:
        start, end = self._span(node)
        return self._source[start:end]


def _called(expression: ast.expr) -> str:
    """The name of the function that an expression calls; empty when it calls none."""
    function = expression.func if isinstance(expression, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _names(node: ast.expr) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def _turns_away(body: list[ast.stmt]) -> bool:
    """True when an ``if`` refuses: then without it nothing is refused. Else it allows: without it all is allowed."""
    last = body[-1]
    return isinstance(last, ast.Raise | ast.Return | ast.Continue | ast.Break) or "refuse" in ast.unparse(body[0])


def _functions_that_sync(tree: ast.AST) -> set[str]:
    """Names of the functions of a file that do nothing much but sync: a call of one is a sync."""
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and "sync" in node.name
        and any(isinstance(part, ast.expr) and _called(part) == "fsync" for part in ast.walk(node))
    }
