"""Receivers of Django's own signals: users, groups, sign-in. Our own signals are in `inbox/signals.py`."""
