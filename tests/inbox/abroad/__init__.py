"""A site of its own that uses the inbox alone: users with UUID keys, event types of its own, no `push`.

Its checks run in a process with these settings: see tests/inbox/test_abroad.py.
"""
