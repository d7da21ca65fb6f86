"""Other gateways to measure beside ours: ``make bench-peers``. ``benchmarks/peers`` names their versions; ``var/peers`` is where each
is installed, once.

They are given what it takes to pass a call on and nothing more: no database, no budgets, no log of calls. Ours has all of that on.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load.spent import Family
from benchmarks.load.stands import Stand, pinned, standing
from benchmarks.programs import Program, free_ports, listens
from tests import node

ROOT = Path(__file__).resolve().parents[2]
NAMED, INSTALLED = ROOT / "benchmarks" / "peers", ROOT / "var" / "peers"
NAMES = ("Portkey", "LiteLLM")
KEY = "sk-of-the-benchmark"
LITELLM = """model_list:
  - model_name: load
    litellm_params: {{model: openai/load, api_base: "http://127.0.0.1:{upstream}/v1", api_key: none}}
general_settings: {{master_key: {key}}}
litellm_settings: {{telemetry: false}}
"""


@contextmanager
def litellm(folder: Path, upstream_port: int) -> Iterator[Stand]:
    """Its proxy with one worker and a key to ask for, on uvicorn as it comes."""
    home = INSTALLED / "litellm"
    if not (home / "bin" / "litellm").exists():
        print("installing LiteLLM: five minutes", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([home / "bin" / "python", "-m", "pip", "install", "--quiet", "-r", NAMED / "requirements.txt"], check=True)
    (folder / "litellm.yaml").write_text(LITELLM.format(upstream=upstream_port, key=KEY))
    words = ["--config", folder / "litellm.yaml", "--host", "127.0.0.1", "--num_workers", "1", "--telemetry", "False"]
    without_network = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    with _serving("LiteLLM", [home / "bin" / "litellm", *words, "--port"], folder, without_network) as stand:
        yield stand


@contextmanager
def portkey(folder: Path, upstream_port: int) -> Iterator[Stand]:
    """Its gateway on Node, told by headers whom to call."""
    home = INSTALLED / "portkey"
    if not (home / "node_modules").exists():
        print("installing Portkey's gateway", file=sys.stderr)
        node.install(NAMED, home)
    script = home / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    # The script reads its port from one word, "--port=…".
    with _serving("Portkey", [node.NODE, script, "--headless", "--port="], folder, {"NODE_ENV": "production"}) as stand:
        stand.headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"http://127.0.0.1:{upstream_port}/v1"}
        yield stand


@contextmanager
def _serving(name: str, command: list[object], folder: Path, variables: dict[str, str]) -> Iterator[Stand]:
    """``command`` ends in the word that its port comes after."""
    (port,) = free_ports(1)
    *words, last = command
    ending = [f"{last}{port}"] if str(last).endswith("=") else [last, port]
    program = Program(name, pinned([*words, *ending], first=True), folder / f"{name}.log", lambda _: listens(port), variables)
    with standing(program):
        yield Stand(name, port, "/v1/chat/completions", KEY, measured=Family(program), is_peer=True)
