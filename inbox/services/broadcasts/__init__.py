"""Broadcasts for their authors: texts and audiences, from draft to withdrawn, by hand and by time. What readers do with
them is in `services/acts/marks.py` and `services/acts/receipts.py`."""
