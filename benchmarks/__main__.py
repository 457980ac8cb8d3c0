"""`python -m benchmarks [NAME ...]`: run all benches, or those named, each in a process of its own; status 1 if one misses."""

import subprocess
import sys
from pathlib import Path

NAMES = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main(wanted: list[str]) -> int:
    """Run the benches and return the exit status."""
    unknown = set(wanted) - set(NAMES)
    if unknown:
        sys.stderr.write(f"No such bench: {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}\n")
        return 2
    missed = []
    for name in wanted or NAMES:
        sys.stdout.write(f"\n== {name}\n")
        sys.stdout.flush()
        if subprocess.run([sys.executable, "-m", f"benchmarks.bench_{name}"], check=False).returncode:
            missed.append(name)
    if missed:
        sys.stdout.write(f"\nToo slow: {', '.join(missed)}\n")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
