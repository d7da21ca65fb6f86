"""The proxy in front of the web processes: the configuration an operator is given, with this machine's addresses."""

import os
import shutil
import subprocess
from pathlib import Path
from string import Template

TEMPLATE = Path(__file__).resolve().parent.parent / "deploy" / "nginx" / "clod.conf.template"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
AROUND = """\
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 4096; }}
http {{
    default_type application/octet-stream;
{temporary}
    include {folder}/clod.conf;
}}
"""


def program() -> str | None:
    """Where nginx is on this machine; Debian keeps it where a user's PATH does not look."""
    return shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


def configured(folder: Path, port: int, webs: list[int]) -> list[object]:
    """Write the configuration into ``folder`` and have nginx look at it; the command that serves it."""
    folder.mkdir(exist_ok=True)
    temporary = "\n".join(f"    {name}_temp_path {folder}/{name};" for name in TEMPORARY)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, files=16_384, temporary=temporary))
    (folder / "clod.conf").write_text(rendered(f"127.0.0.1:{port}", "_", [f"127.0.0.1:{web}" for web in webs]))
    command = [program(), "-p", folder, "-e", folder / "nginx.log", "-c", folder / "nginx.conf"]
    looked = subprocess.run([*map(str, command), "-t", "-q"], capture_output=True, text=True, check=False, timeout=30)
    if looked.returncode:
        raise SystemExit(f"nginx does not take deploy/nginx/clod.conf.template:\n{looked.stderr[-2000:]}")
    return [*command, "-g", "daemon off;"]


def rendered(listen: str, name: str, webs: list[str]) -> str:
    """The template with everything filled in that nginx' own container image would fill in from its environment."""
    servers = " ".join(f"server {web} fail_timeout=1s;" for web in webs)
    values = {"CLOD_LISTEN": listen, "CLOD_SERVER_NAME": name, "CLOD_WEB_SERVERS": servers, "CLOD_TLS": ""}
    return Template(TEMPLATE.read_text()).safe_substitute(values)
