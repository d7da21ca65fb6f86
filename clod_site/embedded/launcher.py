"""From nothing to a running site: what ``make run`` ends in. One process with threads for jobs, and the model's process."""

import errno
import os
import socket
import threading
from contextlib import ExitStack
from pathlib import Path

from clod_site.embedded import address, console, lock, probe
from clod_site.embedded.console import CannotStart, say, step
from clod_site.embedded.model import ModelProcess
from clod_site.embedded.server import Server, Stopped, StopSwitch, make
from clod_site.lib import env

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL_LOADS_WITHIN_S = 30
SITE_ANSWERS_WITHIN_S = 30


def main() -> int:
    """Run until told to stop; 0 then. Ends with one sentence when something is in the way."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")
    console.set_up()
    switch = StopSwitch()
    switch.install()
    try:
        with ExitStack() as running:
            _run(switch, running)
    except Stopped:
        pass
    except Exception as error:
        raise _explained(error) or error from None
    say("CLōD has stopped.")
    return 0


def _run(switch: StopSwitch, running: ExitStack) -> None:
    """Lock and port first (they refuse at once), then the model, which loads while Django does."""
    var, port = _var_folder(), address.port()
    running.enter_context(lock.exclusive(var, f"http://{address.HOST}:{port}"))
    taken = running.enter_context(address.take(port))
    model = ModelProcess(var / "logs" / "model.log")
    running.callback(model.stop)
    model.start()
    with step("Django"):
        _set_up_django()
    with step("Local model") as remark:
        remark(_publish(model))
    _start_fake_provider(running)
    _serve(switch, running, taken)


def _serve(switch: StopSwitch, running: ExitStack, taken: socket.socket) -> None:
    """The data, then the site. Imported only now: a busy port must be told before Django's models are loaded."""
    from clod_site.embedded import banner, jobs, prepare

    prepared = prepare.everything()
    work = jobs.Jobs()
    running.callback(work.stop)
    site = make(taken.getsockname()[1])

    def announce() -> None:
        if _answers(site):
            work.start()
            say(banner.text(prepared.demo))

    threading.Thread(target=announce, name="banner", daemon=True).start()
    switch.server = site
    site.run(sockets=[taken])


def _answers(site: Server) -> bool:
    """Wait for the site's first answer; a site that gives none is stopped."""
    with step("Site") as remark:
        ready = probe.answers(f"http://{address.HOST}:{site.config.port}/readyz", SITE_ANSWERS_WITHIN_S)
        if not ready:
            remark("no answer; the reason is above")
            site.should_exit = True
    return ready


def _publish(model: ModelProcess) -> str:
    """Tell the catalog where the model is, before anyone reads it. Without a model the site runs, and shows it as not available."""
    url = model.address(MODEL_LOADS_WITHIN_S)
    if not url or not probe.answers(f"{url}/health", MODEL_LOADS_WITHIN_S):
        return "not available; the reason is in var/logs/model.log"
    os.environ["CLOD_EMBEDDED_MODEL_URL"] = f"{url}/v1"
    return url


def _start_fake_provider(running: ExitStack) -> None:
    """Where it is switched on, and nobody runs one already."""
    from django.conf import settings

    if settings.CLOD_FAKE_PROVIDER and not env.text("CLOD_FAKE_URL"):
        from catalog.providers.fake.server import serving

        with step("Fake provider") as remark:
            os.environ["CLOD_FAKE_URL"] = running.enter_context(serving())
            remark(os.environ["CLOD_FAKE_URL"])


def _set_up_django() -> None:
    import django
    from django.conf import settings

    django.setup()
    if settings.PRODUCTION:
        raise CannotStart("CLOD_MODE is production, and this command is for trying CLōD out. See docs/running.md for production.")


def _var_folder() -> Path:
    folder = env.path("CLOD_VAR", ROOT / "var")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{folder} cannot be made a folder for the data ({error.strerror}). CLOD_VAR=… names another one.") from None
    return folder


def _explained(error: Exception) -> CannotStart | None:
    """The two everyday failures of a disk, in a sentence; SQLite has its own words for them."""
    number, words = getattr(error, "errno", None), str(error)
    if number == errno.ENOSPC or "disk is full" in words:
        return CannotStart("there is no space left on the disk. Free some and run the same command again; nothing is lost.")
    if number in {errno.EACCES, errno.EROFS} or "readonly database" in words or "unable to open database" in words:
        return CannotStart(f"a file cannot be written ({words}). CLOD_VAR=… chooses another folder for the data.")
    return None
