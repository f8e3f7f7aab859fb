"""Sessions and tickets: whose they are, whether they are valid, and the signal that one may have ended."""
