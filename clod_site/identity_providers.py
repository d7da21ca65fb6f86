"""Whose accounts open ours: Google and GitHub, each where its client id and secret are in the environment."""

from collections.abc import Iterable
from typing import Any

from clod_site.lib import env

WHERE_PEOPLE_LOG_IN = {"google": "https://accounts.google.com", "github": "https://github.com"}


def configured() -> dict[str, dict[str, Any]]:
    """What allauth wants to know of each, by name. BadEnvironment where one of its two variables is missing."""
    return {name: _settings(name) for name in WHERE_PEOPLE_LOG_IN if _variable(name, "CLIENT_ID") or _variable(name, "CLIENT_SECRET")}


def origins(chosen: Iterable[str]) -> list[str]:
    """Where the forms that begin such a log-in lead to."""
    return [_github_url() or WHERE_PEOPLE_LOG_IN[name] if name == "github" else WHERE_PEOPLE_LOG_IN[name] for name in chosen]


def _settings(name: str) -> dict[str, Any]:
    app = {"client_id": _variable(name, "CLIENT_ID"), "secret": _variable(name, "CLIENT_SECRET")}
    for part, word in (("client_id", "CLIENT_ID"), ("secret", "CLIENT_SECRET")):
        if not app[part]:
            raise env.BadEnvironment(f"CLOD_{name.upper()}_{word} is not set. Logging in with {name.title()} needs its id and its secret.")
    own_server = {"GITHUB_URL": _github_url()} if name == "github" and _github_url() else {}
    return {"APPS": [app], "SCOPE": ["profile", "email"] if name == "google" else ["user:email"], "OAUTH_PKCE_ENABLED": True, **own_server}


def _variable(name: str, word: str) -> str:
    return env.text(f"CLOD_{name.upper()}_{word}")


def _github_url() -> str:
    """Of a GitHub Enterprise server."""
    return env.text("CLOD_GITHUB_URL").rstrip("/")
