"""The schema and tools editors tell where JSON stops being JSON, whatever the browser's own words for it are."""

import json
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.node import NODE

EDITORS = Path(settings.BASE_DIR) / "static" / "js" / "studio-json.js"
FAULTS = {
    '[{"type": "function",\n  "function" {}}]': (2, 14),
    "[1,\n 2,\n x]": (3, 2),
    "[1, 2,]": (1, 7),
    '{"a": 1,}': (1, 9),
    "[{}, []": (1, 8),
    "{'a': 1}": (1, 2),
    '["abc\n"]': (1, 2),
    "[1] 2": (1, 5),
    '{"a":}': (1, 6),
    "[01]": (1, 3),
}


@pytest.fixture(scope="module")
def problems() -> list[str]:
    texts, editors = json.dumps(list(FAULTS)), json.dumps(EDITORS.as_uri())
    script = f"import {{ readTools }} from {editors}; console.log(JSON.stringify({texts}.map((text) => readTools(text).problem)))"
    told = subprocess.run([NODE, "--no-warnings", "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    return list(json.loads(told.stdout))


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=list(FAULTS))
def test_the_place_is_told(problems: list[str], number: int) -> None:
    line, column = list(FAULTS.values())[number]
    assert problems[number].startswith(f"Line {line}, column {column}: ")
