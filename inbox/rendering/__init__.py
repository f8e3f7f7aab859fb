"""From a stored message to the text that a person reads: formats, languages, Markdown, safe links. No queries."""
