"""The verbs of the core lab."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this package's verbs to the command."""

    @app.command()
    def web(
        config: Annotated[Path, typer.Option("--config", help="The node's settings.", show_default=True)] = Path(
            "node.toml"
        ),
    ) -> None:
        """Show studies, images and reports in a browser; prints the address with its one-time token."""
        from core_lab.web.server import web as serve  # here, so that --help does not load FastAPI
        from dicom_node.settings import read_settings

        raise typer.Exit(serve(read_settings(config)))
