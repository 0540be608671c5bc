"""The command ``rheumascore``: each package brings its verbs by entry point, none loads torch to say ``--help``.

Exit codes: 0 done; 1 it ran and found something wrong (one line on stderr, with the remedy); 2 the call was wrong.
"""

from __future__ import annotations

import sys
import warnings
from importlib.metadata import entry_points

import typer

from scoring.error_place import error_places
from scoring.errors import UNFORESEEN, RheumascoreError

_GROUP = "rheumascore.verbs"


def build_app() -> typer.Typer:
    """The command with the verbs of every installed package, in the packages' own order."""
    app = typer.Typer(
        name="rheumascore",
        help="Scores rheumatology images beside a PACS and answers with coded Structured Reports and heatmaps.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for entry in sorted(entry_points(group=_GROUP), key=lambda e: e.value):
        entry.load()(app)
    return app


def main() -> None:
    """Run the command; every error is one line on stderr and exit code 1, and none says a patient's name."""
    # pydicom warns by quoting attribute values, which may be a patient's; what matters comes back as our own words.
    warnings.filterwarnings("ignore", category=UserWarning)
    try:
        build_app()()
    except RheumascoreError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        sys.exit(1)
    except Exception as error:  # nobody foresaw it, so nobody knows what it quotes: only where it was
        places = " | ".join(error_places(error))
        sys.stderr.write(f"{UNFORESEEN}: An error that nobody foresaw; please report these lines: {places}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
