"""Background jobs of Studio."""

from celery import shared_task

from clod_site.lib import clock
from studio import presets, tokens


@shared_task(soft_time_limit=50, time_limit=60)
def forget_presets_and_tokens() -> None:
    """Presets deleted an hour ago, and tokens that have ended."""
    presets.forget(clock.now())
    tokens.forget(clock.now())
