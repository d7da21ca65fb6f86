"""Every recurring job, in one table. Minutes are staggered so that no two start at once."""

from typing import Any

BEAT: dict[str, dict[str, Any]] = {}
