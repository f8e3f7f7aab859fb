"""What every layer of the inbox uses: locks and versions, keys and references, retries. No HTTP, no text."""
