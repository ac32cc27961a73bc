"""`twinshot compact`."""

from typing import Annotated

import typer

from engine.errors import InputError
from index_builder.commands.options import AsJson, Bundles, State, cores, print_json


def compact(
    bundles: Bundles,
    state: State,
    keep: Annotated[int, typer.Option(min=1, help="Full generations that stay for roll-back.")] = 3,
    watch: Annotated[bool, typer.Option("--watch", help="Go on for good: compact whenever the log has grown.")] = False,
    changes: Annotated[
        int | None, typer.Option(min=1, help="With --watch: how far the log is ahead then; default 10,000 changes.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Fold the changes of the log into a new generation; nothing is encoded again, and serving goes on.

    Example: twinshot compact bundles --state state
    """
    from index_builder.compaction.compact import compact as fold
    from index_builder.compaction.watch import AHEAD, say
    from index_builder.compaction.watch import watch as go_on
    from index_builder.progress import Progress

    if changes is not None and not watch:
        raise InputError("--changes is for --watch; without it everything is folded in now")
    if watch and json:
        raise InputError("--json is not for --watch, which never ends by itself")
    if watch:
        go_on(bundles, state, changes or AHEAD, keep, cores(), Progress())
        return
    done = fold(bundles, state, keep, cores(), Progress())
    if json:
        print_json({**done.report, "folder": str(done.folder) if done.folder else None})
    else:
        typer.echo(say(done))
