"""One site with a project that keeps what is said; calls that end in every way, each with a canary of its own; what is left behind."""

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.canary import haystack, upstream
from benchmarks.programs import Program, free_ports, python, web, worker
from clod_site.lib import jwe
from tests import stores
from tests.gateway.fake_upstream import serving
from tests.lib import tool

CHAT = "/v1/chat/completions"
SETTLED_S = 20
DEADLINE_S = 3


@dataclass
class Way:
    """One way a call can end. ``leaves`` is how many bodies it should leave, ``opened`` in how many its canary is for who has the key;
    ``told`` is what the client heard; ``found`` in how many documents of each place its canary was."""

    name: str
    leaves: int = 0
    canary: str = field(default_factory=lambda: f"canary{secrets.token_hex(12)}")
    told: str = ""
    opened: int = 0
    found: dict[str, int] = field(default_factory=dict)


@dataclass
class Result:
    ways: list[Way]
    places: list[str]
    bodies: int


class Client:
    """Calls of the customer."""

    def __init__(self, port: int, key: str) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {key}"}, timeout=30)

    def ask(
        self, model: str, canary: str, address: str = "/v1/chat/completions", headers: dict[str, str] | None = None, **more: object
    ) -> str:
        answer = self._http.post(address, json=_body(model, canary) | more, headers=headers)
        return f"{answer.status_code}{', with the canary' if canary in answer.text else ''}"

    @contextmanager
    def stream(self, model: str, canary: str) -> Iterator[Iterator[str]]:
        with self._http.stream("POST", CHAT, json=_body(model, canary) | {"stream": True}) as answer:
            yield answer.iter_lines()

    def read(self, model: str, canary: str) -> str:
        with self.stream(model, canary) as lines:
            said = list(lines)
        return f"{sum(canary in line for line in said)} pieces{', [DONE]' if 'data: [DONE]' in said else ''}"

    def leave(self, model: str, canary: str) -> str:
        with self.stream(model, canary) as lines:
            next(line for line in lines if canary in line)
        return "left after its first piece"


def _body(model: str, canary: str) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": f"Remember {canary}, please."}]}


def run(folder: Path, database: str, mode: str = "sealed") -> Result:
    """``database`` is SQLite or PostgreSQL; ``folder`` exists, is empty, and others may pass through it."""
    key = ec.generate_private_key(ec.SECP256R1())
    with ExitStack() as stack:
        variables = _stores(stack, folder, database)
        address = stack.enter_context(serving(upstream.complete))
        python(variables, "manage.py", "migrate", "--verbosity", "0")
        jwk = json.dumps(jwe.jwk_of(key.public_key()))
        customer = json.loads(python(variables, "-m", "benchmarks.canary.prepare", address, mode, jwk))
        site, jobs, port = _programs(stack, folder, variables)
        client = Client(port, customer["key"])
        ways = _calls(client)
        bodies = _bodies(variables, sum(way.leaves for way in ways))
        ways.append(_killed(site, client))
        left = haystack.collect(folder, variables["DATABASE_URL"], variables["REDIS_URL"])
        site.start()
        site.wait_until_ready()
        for program in (site, jobs):
            program.stop()
        for place, documents in haystack.collect(folder, variables["DATABASE_URL"], variables["REDIS_URL"]).items():
            left[place] += documents
    documents = _opened(folder, key, bodies) if mode == "sealed" else bodies
    for way in ways:
        way.found = haystack.found(way.canary, left)
        way.opened = sum(way.canary in document for document in documents)
    return Result(ways, list(left), len(bodies))


def _stores(stack: ExitStack, folder: Path, database: str) -> dict[str, str]:
    """What the site is told: where its stores are, to say all it can, and to leave everything in ``folder``."""
    for name in ("var", "tmp"):
        (folder / name).mkdir()
    redis_url, database_url = stack.enter_context(stores.valkey(folder / "valkey")), ""
    if database == "PostgreSQL":
        stack.enter_context(stores.postgres(folder / "postgres", settings=("log_statement=mod",)))
        database_url = stores.postgres_address(folder / "postgres", "postgres")
    where = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "CLOD_VAR": str(folder / "var"), "TMPDIR": str(folder / "tmp")}
    loud = {"CLOD_MODE": "embedded", "CLOD_DEBUG": "1", "CLOD_LOG_LEVEL": "DEBUG"}
    return where | loud | {"CLOD_UPSTREAM_DEADLINE_S": str(DEADLINE_S)}


def _programs(stack: ExitStack, folder: Path, variables: dict[str, str]) -> tuple[Program, Program, int]:
    """A web process and a worker that are up, and the port of the first."""
    (port,) = free_ports(1)
    both = web(port, folder, variables), worker(folder, variables)
    for program in both:
        stack.callback(program.stop)
        program.start()
    for program in both:
        program.wait_until_ready()
    return *both, port


def _calls(client: Client) -> list[Way]:
    drf, key = "/api/v1/chat/completions", {"Idempotency-Key": "the-canary-sings"}
    ways: dict[str, tuple[int, Callable[[str], str]]] = {
        "answered": (1, lambda canary: client.ask("echoes", canary)),
        "answered through the DRF door": (1, lambda canary: client.ask("echoes", canary, drf)),
        "answered under an Idempotency-Key": (1, lambda canary: client.ask("echoes", canary, headers=key)),
        "streamed": (1, lambda canary: client.read("echoes", canary)),
        "upstream 500 that repeats the prompt": (1, lambda canary: client.ask("fails", canary)),
        "upstream 400 that repeats the prompt": (1, lambda canary: client.ask("refuses", canary)),
        "upstream too slow": (1, lambda canary: client.ask("hangs", canary)),
        "client leaves mid-stream": (1, lambda canary: client.leave("goes-on", canary)),
        "refused: a field is wrong": (0, lambda canary: client.ask("echoes", canary, temperature=canary)),
        "refused: no such model": (0, lambda canary: client.ask("nobody", canary)),
    }
    made = []
    for name, (leaves, call) in ways.items():
        way = Way(name, leaves)
        way.told = call(way.canary)
        made.append(way)
    return made


def _opened(folder: Path, key: ec.EllipticCurvePrivateKey, bodies: list[str]) -> list[str]:
    """The documents, by bin/clod-logs: the file of the key is there only now, after the search."""
    private = key.private_numbers().private_value.to_bytes(jwe.COORDINATE_BYTES)
    (folder / "key.json").write_text(json.dumps(jwe.jwk_of(key.public_key()) | {"d": jwe.b64(private)}))
    sealed = [json.loads(body) for body in bodies]
    places = [json.loads(jwe.from_b64(each["aad"])) for each in sealed]
    rows = [
        {"request": at["request"], "project": at["project"], "sealed": True, "jwe": each} for at, each in zip(places, sealed, strict=True)
    ]
    ran = tool.opened(folder, rows, ["key.json"])
    if ran.returncode:
        raise SystemExit(f"what was sealed does not open: {ran.stderr}")
    return ran.stdout.splitlines()


def _killed(site: Program, client: Client) -> Way:
    """kill -9 while an answer is under way."""
    way, begun = Way("kill -9 mid-stream"), threading.Event()

    def listen() -> None:
        with suppress(httpx.HTTPError), client.stream("goes-on", way.canary) as lines:
            for line in lines:
                if way.canary in line:
                    begun.set()

    listener = threading.Thread(target=listen)
    listener.start()
    assert begun.wait(SETTLED_S), "the stream did not begin"
    time.sleep(0.2)
    site.kill()
    listener.join()
    way.told = "cut off"
    return way


def _bodies(variables: dict[str, str], count: int) -> list[str]:
    """What is stored, once it is that many."""
    command = "import json; from activity.models import Body; print(json.dumps(list(Body.objects.values_list('content', flat=True))))"
    deadline = time.monotonic() + SETTLED_S
    while len(stored := json.loads(python(variables, "manage.py", "shell", "-v", "0", "-c", command))) < count:
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return list(stored)
