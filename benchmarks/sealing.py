"""What sealing costs: ``python -m benchmarks.sealing`` prints one table, in about twenty seconds.

CPU of one body of 8 KiB (and of 1 and 64), sealed to one, two and five recipients, beside the parts that cannot be saved (a P-256 key pair
and one ECDH for each recipient) and beside joserfc, the well-known library, in the same run. Microseconds, median and worst of RUNS rounds.
"""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable

import joserfc
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe as theirs
from joserfc.jwk import ECKey

from clod_site.lib import jwe

RUNS, TIMES = int(os.environ.get("RUNS", "7")), 200
KIB = (1, 8, 64)
RECIPIENTS = (1, 2, 5)
AAD = {"v": 1, "project": "proj_0123456789ABCDEFGHIJkl", "request": "req_0123456789ABCDEFGHIJkl"}
CURVE = ec.SECP256R1()


def main() -> None:
    print(f"{platform.platform()}, Python {platform.python_version()}, joserfc {joserfc.__version__}; {RUNS} runs of {TIMES} each\n")
    print("| body | recipients | sealed here | joserfc | of ours: key pairs and ECDH |\n|---|---|---|---|---|")
    keys = [ec.generate_private_key(CURVE) for _ in range(max(RECIPIENTS))]
    for kib in KIB:
        document = json.dumps({"text": "x" * (kib * 1024 - 20)}).encode()
        for count in RECIPIENTS:
            public = [key.public_key() for key in keys[:count]]
            ours = [jwe.recipient(jwe.jwk_of(key)) for key in public]
            others = [ECKey.import_key(jwe.jwk_of(key)) for key in public]
            cells = (
                _cell(lambda ours=ours, document=document: jwe.seal(document, ours, AAD)),
                _cell(lambda others=others, document=document: _joserfc(document, others)),
                _cell(lambda public=public: [ec.generate_private_key(CURVE).exchange(ec.ECDH(), key) for key in public]),
            )
            print(f"| {kib} KiB | {count} | {' | '.join(cells)} |", flush=True)


def _joserfc(document: bytes, keys: list[ECKey]) -> object:
    sealed = theirs.GeneralJSONEncryption({"enc": jwe.ENC}, document, aad=jwe.canonical(AAD))
    for key in keys:
        sealed.add_recipient({"alg": jwe.ALG}, key)
    return theirs.encrypt_json(sealed, None, algorithms=[jwe.ALG, jwe.ENC])


def _cell(work: Callable[[], object]) -> str:
    work()
    rounds = [_round(work) for _ in range(RUNS)]
    return f"{statistics.median(rounds):,.0f} ({max(rounds):,.0f})"


def _round(work: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(TIMES):
        work()
    return (time.process_time() - began) / TIMES * 1e6


if __name__ == "__main__":
    main()
