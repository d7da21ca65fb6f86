"""Studio: the playground, an ordinary client of /v1/chat/completions."""
