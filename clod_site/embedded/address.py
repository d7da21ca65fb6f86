"""The site's own address: loopback, a port taken before any slow work begins."""

import errno
import socket

from clod_site.embedded.console import CannotStart
from clod_site.lib import env

HOST = "127.0.0.1"
DEFAULT_PORT = 8000


def port() -> int:
    """``PORT``, or 8000; BadEnvironment when it is no port number."""
    number = env.integer("PORT", DEFAULT_PORT)
    if not 0 < number < 65536:
        raise env.BadEnvironment("PORT must be between 1 and 65535.")
    return number


def take(number: int) -> socket.socket:
    """A socket bound to the port, so that nobody takes it while we prepare; CannotStart when somebody has."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, number))
    except OSError as error:
        taken.close()
        raise CannotStart(_refused(number, error)) from None
    return taken


def _refused(number: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {number} is in use by another program. Stop it, or choose another port: make run PORT={number + 1}"
    return f"port {number} cannot be opened ({error.strerror}). Choose another one: make run PORT={DEFAULT_PORT + 1}"
