"""The command line: every program's commands under one name, each imported only when it is asked for.

Exit codes: 0 done, 1 the work failed, 2 bad usage or input, 128 + its number where a signal ended it.
"""

import signal
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from engine.errors import InputError, TwinshotError
from engine.told import Told, told_by
from twinshot.processes import StoppedError
from twinshot.usage import usage

COMMANDS: dict[str, str] = {
    "demo": "twinshot.commands.demo",
    "check": "twinshot.commands.check",
    "fetch": "twinshot.commands.fetch",
    "train": "model_export.commands",
    "export": "model_export.commands",
    "index": "index_builder.commands.index",
    "build": "twinshot.commands.build",
    "evaluate": "index_builder.commands.evaluate",
    "search": "twinshot.commands.search",
    "submit": "twinshot.commands.submit",
    "serve": "twinshot.commands.serve",
    "doctor": "twinshot.commands.doctor",
    "products": "twinshot.commands.products",
    "compact": "index_builder.commands.compact",
    "verify": "index_builder.commands.generations",
    "report": "index_builder.commands.report",
    "generations": "index_builder.commands.generations",
    "rollback": "index_builder.commands.generations",
}
"""Each command and the module that has it under its name, a function or a group of them, in the order of the help."""


GO_ON = frozenset({"demo", "fetch", "train", "index", "build", "compact"})
"""Commands that, stopped and run again, go on where they were."""


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are asked for, so that `twinshot serve` never loads torch."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; Ctrl-C, SIGTERM and SIGHUP become StoppedError, which says whether the work can go on."""
        try:
            with told_by(signal.SIGTERM, signal.SIGHUP):
                return super().invoke(ctx)
        except (KeyboardInterrupt, Told) as told:
            number = told.number if isinstance(told, Told) else signal.SIGINT
            raise StoppedError(number, ctx.invoked_subcommand in GO_ON) from None

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As typer does, with the name that is most like an unknown one: typer knows those of loaded commands only."""
        try:
            return super().resolve_command(ctx, args)
        except typer.TyperException as error:
            if like := get_close_matches(args[0], COMMANDS, 1):
                error.message = f"{error.message.rstrip('.')}. Did you mean {like[0]!r}?"
            raise

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the command, or None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
        single = typer.Typer(add_completion=False)
        single.command(name=cmd_name)(found)
        return typer.main.get_command(single)


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Visual product search: send a photo, get back the ranked IDs of the same product.",
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"twinshot {version('twinshot')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Visual product search: send a photo, get back the ranked IDs of the same product."""


def main() -> None:
    """Run the command line; an error of ours or a wrong usage is one line on stderr and its exit code."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except typer.TyperException as error:
        if said := usage(error):  # a group without a command has shown its help and says nothing
            print(f"twinshot: {said}", file=sys.stderr)
        sys.exit(InputError.exit_code)
    except TwinshotError as error:
        print(f"twinshot: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # the reader of our output has gone (`twinshot … | head`): nothing is left to say
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        # what the system refuses in the middle of the work: a full disk, a file that may not be read
        where = f"{error.filename}: " if error.filename else ""
        print(f"twinshot: {where}{error.strerror or error}", file=sys.stderr)
        sys.exit(1)
