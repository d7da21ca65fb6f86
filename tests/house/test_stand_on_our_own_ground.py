"""The test house itself: what protects the developer's data and the machines around from a test."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def test_a_test_cannot_reach_another_machine():
    with socket.socket() as outside, pytest.raises(pytest.fail.Exception, match="this machine only"):
        outside.connect(("192.0.2.1", 80))


def test_the_var_folder_is_not_the_developer_s():
    assert Path(os.environ["CLOD_VAR"]).resolve() == settings.VAR_DIR
    assert not settings.VAR_DIR.is_relative_to(ROOT / "var")


def test_variables_of_the_shell_do_not_reach_the_product():
    program = "import os, tests.ground; print([name for name in os.environ if name in {'CLOD_FAST_LANE', 'OPENAI_API_KEY', 'EMAIL_HOST'}])"
    leaks = {"CLOD_FAST_LANE": "0", "OPENAI_API_KEY": "sk", "EMAIL_HOST": "mail.example.org", "CLOD_VAR": os.environ["CLOD_VAR"]}
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=os.environ | leaks, capture_output=True, text=True, timeout=30)
    assert said.stdout == "[]\n", said.stderr


def test_a_program_that_borrows_from_the_tests_stays_on_its_own_ground():
    """``make screenshots`` would write its pictures into a folder that goes with the process."""
    program = "import os, tests.node, tests.browser.pages, tests.browser.stage; print(os.environ.get('CLOD_VAR'), os.environ.get('PORT'))"
    ours = {name: value for name, value in os.environ.items() if name != "CLOD_VAR"} | {"PORT": "1"}
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=ours, capture_output=True, text=True, timeout=30)
    assert said.stdout == "None 1\n", said.stderr


@pytest.mark.django_db
def test_the_database_is_one_made_for_tests():
    assert Path(str(connection.settings_dict["NAME"])).name.startswith("test")


@pytest.mark.skipif(not settings.REDIS_URL, reason="this round has no Redis")
def test_each_worker_has_a_redis_database_of_its_own():
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1
    assert settings.REDIS_URL.endswith(f"/{number}")
