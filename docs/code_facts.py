"""What the code says of itself: texts below constants, words at a call, comments of the example settings."""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; line ends and bars inside a cell are made harmless."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(str(c).replace("\n", " ").replace("``", "`").replace("|", "\\|") for c in row) + " |"
        for row in lines
    )


def documented(thing: ModuleType | type) -> dict[str, str]:
    """Name -> the text that stands below a constant or a field; empty where none stands."""
    tree: Any = ast.parse(inspect.getsource(thing))
    body = tree.body[0].body if isinstance(thing, type) else tree.body
    found = {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            text = after.value if isinstance(after, ast.Expr) else None
            says = text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else ""
            found[node.target.id] = " ".join(says.split())
    return found


def words_at(folder: Path, callee: str) -> Iterator[tuple[str, str]]:
    """(First argument's name, second argument's text) of every call of ``callee`` with words in the code of a folder.

    What is put in at run time stands as …
    """
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == callee:
                match node.args:
                    case [ast.Name(name), ast.Constant(str(text)), *_]:
                        yield name, text
                    case [ast.Name(name), ast.JoinedStr(parts), *_]:
                        yield name, "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in parts)
                    case _:
                        pass


def example_comments(path: Path) -> dict[str, str]:
    """``section.key`` -> the comment beside it, or above it, in the example settings."""
    tomllib.loads(path.read_text(encoding="utf-8"))  # the lines below are read as text; that they are TOML is sure then
    section, above, found = "", list[str](), {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section, above = line.strip("[] "), []
        elif line.startswith("#"):
            above.append(line.strip("# "))
        elif "=" in line:
            key, _, value = line.partition("=")
            found[f"{section}.{key.strip()}"] = " ".join(above) or value.partition("#")[2].strip(" …")
            above = []
    return found
