"""What every layer of the inbox uses: ids of users, snapshots, look-ups of many keys, retries. No tables, no HTTP."""
