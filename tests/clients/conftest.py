"""Clients as their users install them: those for Node in folders of their own, outside the repository."""

from pathlib import Path

import pytest

from tests import node

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def openai_node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the official client for Node."""
    return node.installed(HERE / "node", tmp_path_factory)


@pytest.fixture(scope="session")
def ai_sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the Vercel AI SDK and its provider for OpenAI-like APIs."""
    return node.installed(HERE / "ai-sdk", tmp_path_factory)
