"""Helpers for every layer of the inbox: ids of users, snapshots, look-ups of many keys, retries. No tables, no HTTP."""
