"""Serves one file of the installed plotly package, ``plotly/plotly.min.js``, and nothing else of it."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage, Storage

NAME = "plotly.min.js"
PREFIX = "plotly"


class PlotlyFinder(BaseFinder):
    """Finds the package's folder without importing it, which would take half a second."""

    def __init__(self) -> None:
        spec = find_spec("plotly")
        folders = spec.submodule_search_locations if spec else None
        self.storage = FileSystemStorage(location=Path(next(iter(folders))) / "package_data") if folders else None
        if self.storage:
            self.storage.prefix = PREFIX  # type: ignore[attr-defined]

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = self.storage.path(NAME) if self.storage and path == f"{PREFIX}/{NAME}" else None
        return ([found] if found else []) if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        if self.storage and not matches_patterns(NAME, list(ignore_patterns or [])):
            yield NAME, self.storage
