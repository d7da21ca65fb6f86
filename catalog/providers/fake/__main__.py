"""``python -m catalog.providers.fake [PORT]``: the fake provider as a process of its own, until Ctrl-C."""

import asyncio
import sys
from contextlib import suppress

from catalog.providers.fake.server import address, start

PORT = 9150


async def main(port: int) -> None:
    runner = await start(port)
    sys.stdout.write(f"CLOD_FAKE_URL={address(runner)}\n")
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else PORT))
