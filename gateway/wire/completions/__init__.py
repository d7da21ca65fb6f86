"""OpenAI's completions of plain text, the older kind: ``request`` comes in, ``response`` goes out."""
