"""The site under test: the real one, plus one address through which tests act inside its processes."""
