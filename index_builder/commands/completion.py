"""What a shell completes: the ids of the generations in the bundle folder that is typed already.

No names of categories: bash takes a colon or a blank in one for the end of a word.
"""

from pathlib import Path

import typer


def generations(context: typer.Context, incomplete: str) -> list[str]:
    """The ids of the generations, newest first."""
    from engine.bundle.store import names

    # an option that still lacks its value ends the parsing, and the folder before it is left over
    typed = context.params.get("bundles") or next(iter(context.args), None)
    if typed is None or not Path(typed).is_dir():
        return []
    return [own for own in names(Path(typed)) if own.startswith(incomplete)]
