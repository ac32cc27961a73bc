"""`twinshot demo --once --json` from nothing: how good the answers are, and how long the whole path takes."""

import json
import shutil
import subprocess
import sys

from benchmarks.result import WORK, claim, write

PORT = 8790


def main() -> None:
    folder = WORK / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "twinshot", "demo", "--once", "--json", f"--out={folder}", f"--port={PORT}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
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
