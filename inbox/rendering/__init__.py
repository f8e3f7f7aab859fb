"""The text that a person reads: formats, languages, Markdown, safe links. No tables."""
