"""The direction of imports, checked on the code itself: scoring <- sr_templates <- dicom_node <- core_lab."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHAIN = ("scoring", "sr_templates", "dicom_node", "core_lab")
WITH_TORCH = (
    "scoring/networks/",
    "scoring/anatomy/",
    "scoring/capillaroscopy/",
    "scoring/learning/",
    "scoring/systems/",
)
LEARNING = {"torch", "timm", "monai", "torchvision"}
NETWORK = {"pynetdicom", "celery", "kombu"}
FORBIDDEN_NAMES = {"utils", "common", "helpers", "misc", "base", "core", "types", "manager"}


def source_files() -> list[Path]:
    return sorted(p for package in CHAIN for p in (ROOT / package).rglob("*.py"))


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_to_the_left_only(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    to_the_right = set(CHAIN[CHAIN.index(package) + 1 :])
    found = {name.split(".")[0] for name in imports_of(path)}
    assert not found & to_the_right
    if not path.relative_to(ROOT).as_posix().startswith(WITH_TORCH):
        assert not found & LEARNING, "torch belongs in networks, anatomy, capillaroscopy, learning and systems"
    if package in ("scoring", "sr_templates"):
        assert not found & NETWORK


def test_systems_never_import_each_other() -> None:
    for path in (ROOT / "scoring" / "systems").glob("*/**/*.py"):
        own = path.relative_to(ROOT / "scoring" / "systems").parts[0]
        others = {n for n in imports_of(path) if n.startswith("scoring.systems.") and n.split(".")[2] != own}
        assert not others, path


def test_no_circle_of_files() -> None:
    edges = {module_name(p): {n for n in imports_of(p) if n.split(".")[0] in CHAIN} for p in source_files()}
    edges = {m: {n for n in names if n in edges} for m, names in edges.items()}
    while True:
        leaves = {m for m, names in edges.items() if not names}
        if not leaves:
            break
        edges = {m: names - leaves for m, names in edges.items() if m not in leaves}
    assert not edges, f"these files import each other in a circle: {sorted(edges)}"


def test_package_faces_hand_nothing_on() -> None:
    for path in source_files():
        if path.name == "__init__.py":
            assert not list(imports_of(path)), f"{path}: import from the file that defines the name"


def test_monai_is_loaded_in_one_place_without_what_it_need_not_have() -> None:
    loads = [path for path in source_files() if any(name.split(".")[0] == "monai" for name in imports_of(path))]
    assert [path.name for path in loads] == ["monai_start.py"]


def test_no_file_is_called_utils() -> None:
    assert not [p for p in source_files() if p.stem in FORBIDDEN_NAMES]


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("dicom_node.cli", LEARNING | {"pynetdicom", "sqlalchemy", "celery", "highdicom", "numpy"}),
        ("scoring.verbs", LEARNING | {"numpy", "pydicom"}),
        ("core_lab.cli", LEARNING | {"fastapi", "sqlalchemy"}),
        ("dicom_node.receiving.listener", LEARNING),
        ("dicom_node.routing", LEARNING),
        ("dicom_node.status_table", LEARNING | {"reportlab", "highdicom", "celery"}),
        ("scoring.inference", LEARNING),
        ("sr_templates.result_objects", LEARNING | NETWORK),
        ("core_lab.web.app", LEARNING),
    ],
)
def test_what_a_process_never_loads(module: str, never: set[str]) -> None:
    program = f"import sys, {module}; print(' '.join(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not never & set(done.stdout.split())
