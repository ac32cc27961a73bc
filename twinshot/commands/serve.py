"""`twinshot serve`: start the service."""

import os
from pathlib import Path
from typing import Annotated

import typer


def serve(
    bundles: Annotated[Path | None, typer.Argument(help="The bundle folder (or TWINSHOT_BUNDLES).")] = None,
    host: Annotated[str | None, typer.Option(help="Address to bind (or TWINSHOT_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port (or TWINSHOT_PORT).")] = None,
    device: Annotated[str | None, typer.Option(help="cpu or cuda (or TWINSHOT_DEVICE).")] = None,
    redis_url: Annotated[str | None, typer.Option(help="Redis for the cache (or TWINSHOT_REDIS_URL).")] = None,
    samples: Annotated[
        Path | None, typer.Option(help="Folder of photos that the page offers to try (or TWINSHOT_SAMPLES).")
    ] = None,
) -> None:
    """Serve POST /search and the page.

    Every other setting comes from TWINSHOT_… variables (docs/settings.md).
    Example: twinshot serve demo/bundles --port 8000
    """
    given = {
        "TWINSHOT_BUNDLES": bundles,
        "TWINSHOT_HOST": host,
        "TWINSHOT_PORT": port,
        "TWINSHOT_DEVICE": device,
        "TWINSHOT_REDIS_URL": redis_url,
        "TWINSHOT_SAMPLES": samples,
    }
    # The service reads its environment in one place; an option stands above a variable by replacing it there.
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    from app.main import main

    main()
