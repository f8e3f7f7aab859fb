"""Broadcasts for their authors: texts and audiences, from draft to withdrawn, by hand and by time. What readers do with
them is in `services/marks.py` and `services/receipts.py`."""
