"""Delivery: from a commit to every client. What is stored, and who may read it, is in `inbox`."""
