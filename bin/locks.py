"""What can be said about packages without asking a registry: the locks fit their ``.in`` files, carry hashes and no addresses, pin nothing
that ``requirements/refused.list`` names, and are what is installed.

Whether a hole has become known since is a registry's to tell: CONTRIBUTING.md has the command.
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NOBODYS = frozenset({"pip", "setuptools", "wheel"})  # they come with the virtual environment
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def complaints(root: Path) -> list[str]:
    folder = root / "requirements"
    said = [line for lock in sorted(folder.glob("*.txt")) for line in _of_lock(lock)]
    said += [line for wanted in sorted(folder.glob("*.in")) for line in _of_pair(wanted)]
    base, dev = pins(folder / "base.txt"), pins(folder / "dev.txt")
    said += [f"dev.txt has {name} {dev.get(name)}, base.txt has {base[name]}" for name in base if dev.get(name) != base[name]]
    of_npm = [lock for part in ("benchmarks", "tests") for lock in sorted((root / part).glob("**/package-lock.json"))]
    said += [line for lock in of_npm for line in _of_npm(lock)]
    return said + list(_refused(folder)) + list(_installed(folder))


def pins(lock: Path) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall(lock.read_text())}


def _refused(folder: Path) -> Iterator[str]:
    """Versions that were withdrawn or have a hole, each with its reason."""
    lines = [line.partition("#") for line in (folder / "refused.list").read_text().splitlines()]
    refused = [(Requirement(words.strip()), why.strip()) for words, _, why in lines if words.strip()]
    for lock in sorted(folder.glob("*.txt")):
        pinned = pins(lock)
        for bad, why in refused:
            version = pinned.get(canonicalize_name(bad.name))
            if version and bad.specifier.contains(version, prereleases=True):
                yield f"{lock.name} pins {bad.name} {version}: {why}"


def _installed(folder: Path) -> Iterator[str]:
    """What this virtual environment has is what the locks say, and nothing is in it that no lock names."""
    wanted: dict[str, set[str]] = {}
    for lock in sorted(folder.glob("*.txt")):
        for name, version in pins(lock).items():
            wanted.setdefault(name, set()).add(version)
    for found in metadata.distributions(path=[path for path in sys.path if "site-packages" in path]):
        name = canonicalize_name(found.metadata["Name"])
        if name in NOBODYS:
            continue
        if name not in wanted:
            yield f"{name} {found.version} is installed, and no lock names it; install from the locks into a new environment"
        elif found.version not in wanted[name]:
            yield f"{name} {found.version} is installed, and the locks pin {' or '.join(sorted(wanted[name]))}; run make install"


def _of_lock(lock: Path) -> Iterator[str]:
    text = lock.read_text()
    if "://" in text or "index-url" in text:
        yield f"{lock.name} holds an address; compile it with --no-emit-index-url"
    for block in re.split(r"^(?=\S)", text, flags=re.MULTILINE):
        if PIN.match(block) and "--hash=sha256:" not in block:
            yield f"{lock.name} has no hash for {block.split()[0]}; compile it with --generate-hashes"


def _of_pair(wanted: Path) -> Iterator[str]:
    """Each requirement is pinned to a version it allows, and nothing is pinned for a requirement that has gone."""
    lock = wanted.with_suffix(".txt")
    if not lock.exists():
        yield f"{wanted.name} has no lock"
        return
    pinned, asked = pins(lock), _requirements(wanted)
    for name, requirement in asked.items():
        if name not in pinned:
            yield f"{wanted.name} asks for {name}; {lock.name} does not pin it"
        elif not requirement.specifier.contains(pinned[name], prereleases=True):
            yield f"{wanted.name} asks for {requirement}; {lock.name} pins {pinned[name]}"
    yield from (f"{lock.name} pins {name} for {wanted.name}, which no longer asks for it" for name in _direct(lock, wanted) - asked.keys())


def _requirements(wanted: Path) -> dict[str, Requirement]:
    lines = [line.split("#")[0].strip() for line in wanted.read_text().splitlines()]
    asked = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(requirement.name): requirement for requirement in asked}


def _direct(lock: Path, wanted: Path) -> set[str]:
    blocks = re.split(r"^(?=[A-Za-z])", lock.read_text(), flags=re.MULTILINE)
    return {canonicalize_name(block.split("==")[0]) for block in blocks if f"-r requirements/{wanted.name}" in block and PIN.match(block)}


def _of_npm(lock: Path) -> Iterator[str]:
    packages = json.loads(lock.read_text())["packages"]
    for name, facts in packages.items():
        if "resolved" in facts:
            yield f"{lock.parent.name}/{lock.name} holds the address of {name}; omit-lockfile-registry-resolved=true belongs in its .npmrc"
        if name and "integrity" not in facts:
            yield f"{lock.parent.name}/{lock.name} has no hash for {name}"
