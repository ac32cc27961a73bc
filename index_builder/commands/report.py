"""`twinshot report`."""

import typer

from index_builder.commands.options import AsJson, Bundles, GenerationId, print_json


def report(
    bundles: Bundles,
    generation: GenerationId = None,
    json: AsJson = False,
) -> None:
    """Print where the report of a generation lies: a page to open in a browser, with report.json beside it.

    Example: twinshot report bundles
    """
    from engine.bundle.store import current
    from engine.errors import BundleError
    from index_builder.report.write import REPORT_PAGE

    path = bundles / (generation or current(bundles)) / REPORT_PAGE
    if not path.is_file():
        raise BundleError(
            f"{path} is not there: `twinshot generations {bundles}` lists the generations, and those that were built "
            "before there were reports have none; the next `twinshot index` writes one"
        )
    if json:
        print_json({"generation": path.parent.name, "page": str(path)})
    else:
        typer.echo(path)
