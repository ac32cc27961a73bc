"""`twinshot doctor`: what is here, whether it is fit, and what to do where it is not."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def doctor(
    bundles: Annotated[Path | None, typer.Argument(help="A bundle folder to look at (or TWINSHOT_BUNDLES).")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read every file of the bundle: checksums too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Look at the installation, the machine, the settings of the service and a bundle, and say what to mend.

    Nothing is changed, no key is shown. Exit code 1 if anything failed.
    Example: twinshot doctor bundles
    """
    from app.settings import variables
    from engine.errors import TwinshotError
    from twinshot.doctor import report
    from twinshot.doctor.examine import examine

    findings = list(examine(variables(), bundles, verify))
    if json:
        report.print_json(findings)
    elif sys.stdout.isatty():
        from engine.terminal.tables import console

        report.print_table(findings, console())
    else:
        report.print_lines(findings)
    if any(own.level == "failed" for own in findings):
        raise typer.Exit(TwinshotError.exit_code)
