"""What was typed wrong, in one line of our words, and where help is."""

from shlex import quote

import typer

_NUMBERS = {int: "a whole number", float: "a number"}


def usage(error: typer.TyperException) -> str:
    """One line; empty where a group without a command has shown its help."""
    said = " ".join((_wrong_number(error) or error.format_message()).split())
    context = getattr(error, "ctx", None)
    if not said or context is None:
        return said
    stop = "" if said.endswith("?") else ";"
    return f"{said.rstrip('.')}{stop} `{context.command_path} --help` has all options and an example"


def _wrong_number(error: typer.TyperException) -> str | None:
    """`--limit 5000 is not a whole number from 1 to 200`, in place of pydantic's words; None for all else."""
    from pydantic import ValidationError

    option, cause = getattr(error, "param", None), error.__cause__
    if option is None or not isinstance(cause, ValidationError):
        return None
    kind = _NUMBERS.get(option.type_descriptor.annotation)
    if kind is None:
        return None
    typed = quote(str(cause.errors()[0]["input"]))
    return f"{option.opts[-1]} {typed} is not {kind}{_bounds(option.min, option.max)}"


def _bounds(least: float | None, most: float | None) -> str:
    """Of an option with a `most`, which has a `least` too, with that one alone, or with none."""
    if most is not None:
        return f" from {least} to {most}"
    return "" if least is None else f" of at least {least}"
