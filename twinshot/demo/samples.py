"""The photos that the page of a demo offers to try: some of those that the demo asks with."""

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.catalogue.row import Row
from twinshot.demo.asking import Answer
from twinshot.demo.questions import Question

MOST = 12


def write_samples(
    folder: Path, questions: Sequence[Question], answers: Sequence[Answer], read: Callable[[Row], bytes]
) -> None:
    """Write every n-th photo of the questions as 01.jpg, 02.jpg, …: names that do not tell the answer.

    Which are offered does not depend on the answers, only their order does: first those that were found and matched
    when the demo asked, so that who tries one sees what a match is; near-twins and what was not found come after them.
    """
    for old in folder.iterdir():
        old.unlink()
    step = -(-len(questions) // MOST) or 1
    clear = {own.question.row.image_id for own in answers if own.place == 1 and own.match is not False}
    ordered = sorted(questions[::step], key=lambda own: (own.row.image_id not in clear, own.near_twin))
    for number, question in enumerate(ordered, 1):
        (folder / f"{number:02}{Path(question.row.image).suffix.lower()}").write_bytes(read(question.row))
