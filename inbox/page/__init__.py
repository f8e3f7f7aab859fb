"""The inbox page as HTML: its rows, its filters, and its forms, which work without scripts."""
