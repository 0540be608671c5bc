"""Write the tables that documents take from the code: ``.venv/bin/python -m docs.make_tables``, part of ``make docs``.

Each stands between ``<!-- table: name -->`` and ``<!-- end -->``; the words around it are written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from docs import network_tables, object_tables, system_tables

FOLDER: Final = Path(__file__).parent
DOCUMENTS: Final = ("conformance_statement.md", "nailfold_measures.md", "reading_our_reports.md")
TABLES: Final[Mapping[str, Callable[[], str]]] = {
    function.__name__: function
    for function in (
        network_tables.storage_classes,
        network_tables.transfer_syntaxes,
        network_tables.rejections,
        network_tables.tls_refusals,
        network_tables.store_statuses,
        network_tables.store_answers,
        network_tables.proposed_contexts,
        network_tables.implementation_names,
        network_tables.time_limits,
        network_tables.setting_keys,
        object_tables.created_classes,
        object_tables.attribute_tables,
        object_tables.inherited_attributes,
        object_tables.content_relations,
        object_tables.coding_schemes,
        object_tables.standard_codes,
        object_tables.private_codes,
        system_tables.systems,
        system_tables.system_codes,
        system_tables.reasons,
        system_tables.statuses,
        system_tables.nailfold_measures,
    )
}
_BLOCK: Final = re.compile(r"(<!-- table: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Write each document whose tables have changed."""
    for name in DOCUMENTS:
        path = FOLDER / name
        before = path.read_text(encoding="utf-8")
        after = with_tables(before)
        path.write_text(after, encoding="utf-8")
        sys.stdout.write(f"docs/{name} {'was current' if after == before else 'written'}\n")


def with_tables(text: str) -> str:
    """The document with every table as the code says it now. Raises KeyError for a table that nobody makes."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[4]}", text)


if __name__ == "__main__":
    main()
