"""The photos that the page of a demo offers to try: some of those that the demo asks with."""

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.catalogue.row import Row
from twinshot.demo.questions import Question

MOST = 12


def write_samples(questions: Sequence[Question], read: Callable[[Row], bytes]) -> Callable[[Path], None]:
    """Writes every n-th photo of the questions as 01.jpg, 02.jpg, …: names that do not tell the answer."""
    step = -(-len(questions) // MOST) or 1
    rows = [question.row for question in questions[::step]]

    def write(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for number, row in enumerate(rows, 1):
            (folder / f"{number:02}{Path(row.image).suffix.lower()}").write_bytes(read(row))

    return write
