"""The line that ``make run`` prints, pasted into a shell."""

import json
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.site


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on the path; on Debian: apt-get install curl")
def test_the_printed_line_returns_text_with_usage_and_cost(site):
    lines = [line for line in site.output.read_text().splitlines() if line.startswith("curl ")]
    assert len(lines) == 1
    pasted = subprocess.run(["sh", "-c", lines[0]], capture_output=True, text=True, timeout=120)
    assert pasted.returncode == 0, pasted.stderr
    answer = json.loads(pasted.stdout)
    assert "Paris" in answer["choices"][0]["message"]["content"]
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0
    assert usage["cost"] == 0
