"""What operators are given in deploy/: as far as it can be looked at without a container engine."""

import re
import shlex
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from stack import nginx, topology

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
OURS = ("web", "worker", "beat", "migrate")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"])


def dockerfile() -> list[str]:
    """Its instructions, a line each."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_what_the_image_copies_exists_and_is_let_in() -> None:
    let_in = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = [word for line in dockerfile() if re.match(r"COPY (?!--from)", line) for word in line.split()[1:-1]]
    assert set(sources) == let_in
    for source in sources:
        assert (ROOT / source).exists(), source


def test_the_image_holds_every_app() -> None:
    ours = {app.split(".")[0] for app in settings.INSTALLED_APPS if (ROOT / app.split(".")[0]).is_dir()}
    copied = {word for line in dockerfile() if line.startswith("COPY") for word in line.split()[1:]}
    assert ours <= copied


def test_the_image_takes_wheels_from_the_lock_only_and_names_no_index() -> None:
    (install,) = [line for line in dockerfile() if "pip install" in line]
    for flag in ("--only-binary :all:", "--require-hashes", "-r requirements/base.txt"):
        assert flag in install
    assert "://" not in "\n".join(dockerfile()).replace("http://127.0.0.1:8000/healthz", "")


def test_its_processes_are_nobody_in_particular_and_may_write_nothing(services) -> None:
    assert "USER 10001" in dockerfile()
    for name in OURS:
        service = services[name]
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["tmpfs"] == ["/tmp"], name


def test_containers_run_what_the_stack_runs(services) -> None:
    """The same programs with the same words, but for where they listen and write."""
    web = services["web"]["command"]
    assert web[:3] == ["python", "-m", "clod_site.serve"]
    assert services["worker"]["command"] == ["celery", *topology.CELERY[3:], *topology.WORKER]
    beat = services["beat"]["command"]
    assert beat[: len(topology.CELERY) - 1] == ["celery", *topology.CELERY[3:], "beat"]
    assert "-q" in topology.CELERY, "a banner of many lines is no line of the log"
    assert beat[beat.index("--schedule") + 1].startswith("/tmp/")
    _, command = services["migrate"]["command"]
    assert command in get_commands()


def test_there_is_one_beat_and_more_than_one_web_process(services) -> None:
    assert services["web"]["deploy"]["replicas"] > 1
    assert "deploy" not in services["beat"]


def test_a_stopping_process_is_waited_for_longer_than_it_drains(services) -> None:
    assert int(services["web"]["stop_grace_period"].removesuffix("s")) > 60
    assert int(services["worker"]["stop_grace_period"].removesuffix("s")) > settings.CELERY_TASK_TIME_LIMIT


def test_files_it_mounts_exist(services) -> None:
    for volume in services["nginx"]["volumes"]:
        assert (DEPLOY / volume.split(":")[0]).exists()


def test_nginx_gets_every_value_its_template_asks_for(services) -> None:
    template = nginx.TEMPLATE.read_text()
    asked = set(re.findall(r"\$\{(\w+)\}", re.sub(r"^\s*#.*$", "", template, flags=re.MULTILINE)))
    assert asked == {"CLOD_LISTEN", "CLOD_SERVER_NAME", "CLOD_WEB_SERVERS", "CLOD_TLS"}
    assert asked <= set(services["nginx"]["environment"])
    assert "${" not in re.sub(r"^\s*#.*$", "", nginx.rendered("80", "_", ["web:8000"]), flags=re.MULTILINE)


def test_certificates_on_two_lines_stay_where_they_are_asked_for() -> None:
    """``envsubst`` and nginx' image replace a name in comments, too: half a certificate's line stood outside of one."""
    two = "ssl_certificate a.pem;\n    ssl_certificate_key b.pem;"
    text = Template(nginx.TEMPLATE.read_text()).safe_substitute(
        CLOD_LISTEN="443 ssl", CLOD_SERVER_NAME="_", CLOD_WEB_SERVERS="", CLOD_TLS=two
    )
    assert text.count("ssl_certificate_key b.pem;") == 1
    assert not [line for line in nginx.TEMPLATE.read_text().splitlines() if line.strip().startswith("#") and "$C" in line]


def test_the_proxy_keeps_no_log_of_addresses_and_its_own_refusals_are_not_sniffed() -> None:
    conf = nginx.TEMPLATE.read_text()
    assert "access_log off;" in conf
    assert "access_log" not in nginx.AROUND, "else make stack hides what the template does"
    assert conf.count("internal;") == conf.count("add_header X-Content-Type-Options nosniff always;") > 0


def test_a_call_that_was_lost_behind_the_proxy_is_not_told_that_it_never_began() -> None:
    for text in (nginx.TEMPLATE.read_text(), (DEPLOY / "caddy" / "Caddyfile").read_text()):
        assert "A call may have begun all the same, and be charged" in text
        assert "the same Idempotency-Key" in text


def test_proxies_pass_streams_on_and_outwait_the_longest_call() -> None:
    conf, caddy = nginx.TEMPLATE.read_text(), (DEPLOY / "caddy" / "Caddyfile").read_text()
    assert "proxy_request_buffering off" in conf
    assert int(re.search(r"proxy_read_timeout (\d+)s", conf)[1]) > settings.CLOD_UPSTREAM_DEADLINE_S
    assert int(re.search(r"response_header_timeout (\d+)s", caddy)[1]) > settings.CLOD_UPSTREAM_DEADLINE_S
    assert "flush_interval -1" in caddy


def test_the_trusted_network_is_the_one_the_containers_are_in(services) -> None:
    whole = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert services["web"]["environment"]["CLOD_TRUSTED_PROXIES"] == whole["networks"]["default"]["ipam"]["config"][0]["subnet"]


def test_the_example_is_a_file_that_shells_can_read() -> None:
    for line in (DEPLOY / ".env.example").read_text().splitlines():
        if line and not line.startswith("#"):
            assert len(shlex.split(line)) == 1, line
