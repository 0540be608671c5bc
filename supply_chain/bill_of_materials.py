"""The bill of materials (CycloneDX 1.6, JSON) of what scores here: every library, and every weight file by its hash.

    python -m supply_chain.bill_of_materials > build/rheumascore.cdx.json

The same environment gives the same bytes: no serial number, no time.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from scoring.catalogue import list_systems
from scoring.spec import SystemSpec
from scoring.weights import WeightRecord, all_weights
from supply_chain.installed import ROOT, installed_tree, licence_of

EXTRAS = ("models", "redis", "postgres")


def bill_of_materials() -> dict[str, Any]:
    """The document."""
    tree = installed_tree(EXTRAS)
    libraries = [_library(name, here.version, licence_of(here)) for name, (here, _) in sorted(tree.items())]
    systems = [_system(spec) for spec in list_systems()]
    weights = {record.sha256: _weights(record) for spec in list_systems() for record in all_weights(spec.weights_files)}
    needs = [{"ref": _purl(name, tree), "dependsOn": [_purl(n, tree) for n in needed if n in tree]}
             for name, (_, needed) in sorted(tree.items()) if name != ROOT]  # fmt: skip
    root_needs = [_purl(n, tree) for n in tree[ROOT][1] if n in tree] + [s["bom-ref"] for s in systems]
    needs.append({"ref": ROOT, "dependsOn": root_needs})
    needs += [{"ref": s["bom-ref"], "dependsOn": [f"weights:{r.sha256}" for r in all_weights(spec.weights_files)]}
              for s, spec in zip(systems, list_systems(), strict=True)]  # fmt: skip
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": ROOT,
                "name": ROOT,
                "version": tree[ROOT][0].version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [c for c in libraries if c["name"] != ROOT] + systems + list(weights.values()),
        "dependencies": needs,
    }


def _purl(name: str, tree: dict[str, Any]) -> str:
    return f"pkg:pypi/{name}@{tree[name][0].version}"


def _library(name: str, version: str, licence: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{name}@{version}"
    component: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    return component | ({"licenses": [{"license": {"name": licence}}]} if licence else {})


def _system(spec: SystemSpec) -> dict[str, Any]:
    return {
        "type": "data",
        "bom-ref": f"system:{spec.key}",
        "name": f"{spec.key}/spec.toml",
        "version": spec.version,
        "description": spec.title,
        "hashes": [{"alg": "SHA-256", "content": spec.sha256}],
    }


def _weights(record: WeightRecord) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"weights:{record.sha256}",
        "name": record.path.name,
        "version": record.sha256[:12],
        "description": record.learnt_from,
        "hashes": [{"alg": "SHA-256", "content": record.sha256}],
        "licenses": [{"license": {"name": record.licence}}],
    }


if __name__ == "__main__":
    json.dump(bill_of_materials(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
