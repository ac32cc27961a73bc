"""`twinshot demo --once --json` from nothing: how good the answers are, and how long the whole path takes."""

import json
import shutil
import subprocess
import sys

from benchmarks.result import WORK, claim, write

FOLDER = WORK / "demo"
BUNDLES, CATALOGUE = FOLDER / "bundles", FOLDER / "catalogue" / "catalogue.csv"
PORT = 8790


def made() -> str:
    """The demo's shop in BUNDLES, built unless it is there; what the demo says of itself."""
    command = [sys.executable, "-m", "twinshot", "demo", "--once", "--json", f"--out={FOLDER}", f"--port={PORT}"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    found = json.loads(made().splitlines()[-1])
    minutes = sum(found["seconds"].values()) / 60
    write(
        "demo",
        "The demo: a drawn shop, trained from scratch",
        found,
        [
            claim("product R@1, seen products", found["seen_recall_at_1"], "", 0.90, "higher", "n = 288"),
            claim("product R@1, near-twins", found["near_twin_recall_at_1"], "", 0.80, "higher"),
            claim("product R@1, products never trained on", found["unseen_recall_at_1"], "", None, "higher", "n = 288"),
            claim("draw, train, export, index, serve, ask", minutes, "minutes", 6, "lower"),
        ],
    )


if __name__ == "__main__":
    main()
