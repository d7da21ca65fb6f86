"""Projects and API keys: who may call, with which models, under which caps."""
