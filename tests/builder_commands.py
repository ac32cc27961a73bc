"""The commands of the index builder, run in this process."""

import typer
from typer.testing import CliRunner

from index_builder.commands.compact import compact
from index_builder.commands.evaluate import evaluate
from index_builder.commands.generations import generations, rollback, verify
from index_builder.commands.index import index
from index_builder.commands.report import report

program = typer.Typer()
for command in (index, evaluate, compact, report, verify, generations, rollback):
    program.command()(command)


def run(*words: object) -> str:
    """Standard output of a command; its error, if it has one, is raised."""
    result = CliRunner().invoke(program, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout
