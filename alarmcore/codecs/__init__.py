"""Device dialects: bytes to readings, pure, one dialect a file."""
