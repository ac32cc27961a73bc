"""A number that is none, or out of its bounds, is said in our words."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("search bundles photo.jpg --limit 5000", "--limit 5000 is not a whole number from 1 to 200"),
        ("search bundles photo.jpg --limit few", "--limit few is not a whole number from 1 to 200"),
        ("search bundles photo.jpg --limit=", "--limit '' is not a whole number from 1 to 200"),
        ("evaluate bundles --queries shop.csv --threads 0", "--threads 0 is not a whole number of at least 1"),
        ("fetch feed.csv --allow-host a --out b --delay -1", "--delay -1 is not a number of at least 0.0"),
        ("serve bundles --port here", "--port here is not a whole number"),
    ],
)
def test_a_number_that_cannot_be_is_one_line_with_its_option_and_the_bounds(typed: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twinshot", *typed.split()], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"twinshot: {said}; `")
    assert line.endswith(f" {typed.split(maxsplit=1)[0]} --help` has all options and an example")
