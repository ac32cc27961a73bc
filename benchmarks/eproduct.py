"""The eProduct challenge on a drawn data set: its tables at their real length, and the whole path on few photos.

QUICK=1 reads a tenth of the tables and draws a tenth of the photos.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.result import PROJECT, QUICK, WORK, Claim, claim, write
from benchmarks.study.photos import WEIGHTS
from index_builder.submission import read_submission
from twinshot.sample.eproduct import TRUTH, write_eproduct
from twinshot.sample.listings import Size

FACTOR = 1 if not QUICK else 10
REAL = Size(train=1_300_000 // FACTOR, val=20_000 // FACTOR, index=1_100_000 // FACTOR, queries=4000 // FACTOR)
DRAWN = (
    Size(queries=300) if not QUICK else Size(meta=8, level2=20, leaves=100, train=300, val=30, index=400, queries=40)
)

READER = """
import json, sys, time
from pathlib import Path
from engine.catalogue.catalogue import Catalogue, open_catalogue
from engine.catalogue.check import check
from engine.preprocess import Preprocessing

class Everywhere:
    where = "everywhere"
    def holds(self, image): return True
    def size(self, image): return 1
    def read(self, image): return b""

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024

folder, work, *splits = sys.argv[1:]
opened = open_catalogue(Path(folder), splits=splits)
before, began = peak(), time.process_time()
if work == "stream":
    rows = sum(1 for _ in opened.rows())
else:
    seen = Catalogue(opened.name, Everywhere(), opened.entries)
    rows = len(check(seen, Preprocessing(), photos=False, threads=1).rows)
seconds = time.process_time() - began
print(json.dumps({"rows": rows, "seconds": seconds, "rows_per_second": rows / seconds, "mb": peak() - before}))
"""


def read(folder: Path, work: str, *splits: str) -> dict[str, float]:
    """Read tables in a process of their own: rows, seconds of the processor, by how many MB its memory grew at most."""
    command = [sys.executable, "-c", READER, str(folder), work, *splits]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=PROJECT)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def tables() -> tuple[dict[str, Any], list[Claim]]:
    folder = write_eproduct(WORK / "eproduct-tables", REAL, photos=False)
    figures = {
        "train, as a stream": read(folder, "stream", "train"),
        "index and val, as `twinshot index` holds them": read(folder, "check", "index", "val"),
        "train and val, as `twinshot train` holds them": read(folder, "check", "train", "val"),
    }
    streamed, indexed, trained = figures.values()
    return figures, [
        claim(
            f"memory to read {streamed['rows']:,.0f} rows ÷ to hold them", streamed["mb"] / trained["mb"], "×", 0.05,
            "lower", f"{streamed['mb']:.1f} MB, {streamed['rows_per_second']:,.0f} rows a processor second",
        ),
        claim(
            f"memory of the {indexed['rows']:,.0f} rows that `index` holds", indexed["mb"], "MB", None, "lower",
            f"{indexed['rows_per_second']:,.0f} rows a processor second, photos not opened",
        ),
        claim(
            f"memory of the {trained['rows']:,.0f} rows that `train` holds", trained["mb"], "MB", None, "lower",
            f"{trained['rows_per_second']:,.0f} rows a processor second, photos not opened",
        ),
    ]  # fmt: skip


def challenge() -> tuple[dict[str, Any], list[Claim]]:
    """Build (nothing trained), submit and evaluate with the commands; the file is judged beside `evaluate`."""
    folder = WORK / "eproduct"
    shutil.rmtree(folder, ignore_errors=True)
    data, bundles, out = folder / "data", folder / "bundles", folder / "submission.csv"
    write_eproduct(data, DRAWN)
    steps = {
        "build": ["build", str(data), f"--out={bundles}", f"--weights={WEIGHTS}", "--epochs=0"],
        "submit": ["submit", str(bundles), f"--queries={data}", f"--out={out}"],
        "evaluate": [
            "evaluate", str(bundles), f"--queries={data}", f"--truth={data / TRUTH}", f"--json={folder / 'found.json'}"
        ],
    }  # fmt: skip
    seconds = {}
    for name, step in steps.items():
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "twinshot", *step], check=True)
        seconds[name] = round(time.monotonic() - began, 1)
    found = json.loads((folder / "found.json").read_text())
    lists, truth = read_submission(out), read_submission(data / TRUTH)
    told = found["bits_rescored"]["photo"]
    file = sum(len({*lists[query]} & {*right}) / len(right) for query, right in truth.items()) / len(truth)
    claims = [
        claim("MAR@10 of the file − of `evaluate`", abs(file - told["mar@10"]), "", 1e-9, "lower"),
        claim("queries with ten different photos", sum(len({*own}) == 10 for own in lists.values()) / len(truth), "", 1,
              "higher", f"{len(truth)} queries, {DRAWN.index:,} photos, {DRAWN.leaves:,} leaves"),
        claim("512 bits rescored ÷ float, MAR@10", told["mar@10"] / found["float"]["photo"]["mar@10"], "", None,
              "higher", f"{told['mar@10']:.3f} ÷ {found['float']['photo']['mar@10']:.3f}, nothing trained"),
        claim("512 bits rescored ÷ float, MAR@10 capped",
              told["mar@10_capped"] / found["float"]["photo"]["mar@10_capped"], "", None, "higher",
              f"{told['mar@10_capped']:.3f} ÷ {found['float']['photo']['mar@10_capped']:.3f}"),
    ]  # fmt: skip
    return {"evaluate": found, "seconds": seconds}, claims


def main() -> None:
    read_figures, read_claims = tables()
    figures, claims = challenge()
    write("eproduct", "The eProduct challenge, drawn", {"tables": read_figures, **figures}, [*read_claims, *claims])


if __name__ == "__main__":
    main()
