"""OpenAI's embeddings on the wire: ``request`` comes in, ``response`` goes out."""
