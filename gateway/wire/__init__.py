"""OpenAI's operations on the wire: ``request`` and ``response`` are chat's, the others have packages; ``operations`` lists them."""
