"""OpenAI's chat completions on the wire: ``request`` comes in, ``response`` goes out."""
