"""Every check that needs no running store: style, types, layers, templates, settings, migrations, locks, scripts.

    bin/check.py            all of them
    bin/check.py types      only those named

Exits 1 when one fails; the others are still run, and a failing one shows what its tool said. Two run at a time: the types take as long
as all others together.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import additive
import locks

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
TIME_LIMIT_S = 300
AT_ONCE = 2


def main(names: list[str]) -> int:
    unknown = set(names) - set(STEPS)
    if unknown:
        print(f"There is no check called {', '.join(sorted(unknown))}. There are: {', '.join(STEPS)}.")
        return 2
    chosen = [name for name in STEPS if name in names or not names]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        failed = [name for name, passes in zip(chosen, pool.map(_passes, chosen), strict=True) if not passes]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return bool(failed)


def _passes(name: str) -> bool:
    began = time.monotonic()
    complaint = STEPS[name]()
    took = f"{time.monotonic() - began:5.1f} s"
    lines = [f"{'FAIL' if complaint else 'ok':4} {took}  {name}", *([complaint.strip()] if complaint else [])]
    print("\n".join(lines) + "\n", end="", flush=True)
    return not complaint


def _tool(*command: str | Path, folder: Path = ROOT, **variables: str) -> str:
    """What a tool complains about; nothing when it is content."""
    words = [str(TOOLS / command[0]) if (TOOLS / command[0]).exists() else str(command[0]), *map(str, command[1:])]
    how = {"cwd": folder, "env": os.environ | variables, "stdin": subprocess.DEVNULL, "timeout": TIME_LIMIT_S}
    ran = subprocess.run(words, check=False, capture_output=True, text=True, **how)
    return (ran.stdout + ran.stderr or f"{words[0]} ended with status {ran.returncode}") if ran.returncode else ""


def _manage(*words: str) -> str:
    """manage.py on a ``var`` folder of its own, so that neither the developer's database nor their secrets matter."""
    with tempfile.TemporaryDirectory(prefix="clod-check-") as var:
        return _tool("python", "manage.py", *words, CLOD_VAR=var, DATABASE_URL="", REDIS_URL="", CLOD_MODE="")


def _templates() -> str:
    pages = sorted((ROOT / "templates").rglob("*.html"))
    return _tool("djade", "--check", *pages) if pages else ""


def _locks() -> str:
    return "\n".join(locks.complaints(ROOT))


def _additive() -> str:
    return "\n".join(additive.complaints(ROOT))


def _scripts() -> str:
    """Syntax only: bash for our shell scripts, Node, where there is one, for the pages' modules."""
    said = [_tool("bash", "-n", ROOT / ".ci" / "run")]
    if shutil.which("node"):
        said += [_module(script) for script in sorted((ROOT / "static").rglob("*.js"))]
    return "\n".join(filter(None, said))


def _module(script: Path) -> str:
    """Node takes ``.mjs`` for an ES module, whatever surrounds it."""
    with tempfile.TemporaryDirectory(prefix="clod-check-") as folder:
        copy = Path(folder) / f"{script.stem}.mjs"
        shutil.copy(script, copy)
        return _tool("node", "--check", copy).replace(str(copy), str(script.relative_to(ROOT)))


STEPS: dict[str, Callable[[], str]] = {
    "types": lambda: _tool("mypy"),
    "style": lambda: _tool("ruff", "check", "--quiet", "--output-format=concise", "."),
    "format": lambda: _tool("ruff", "format", "--check", "."),
    "layers": lambda: _tool("lint-imports", "--no-logo"),
    "templates": _templates,
    "settings": lambda: _manage("check", "--fail-level", "WARNING"),
    "migrations": lambda: _manage("makemigrations", "--check", "--dry-run"),
    "additive": _additive,
    "locks": _locks,
    "scripts": _scripts,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
