"""Corrections of what was sent: recalls and rewrites by a service, and recalls of what was about a deleted object.

The send is marked first, under its lock, and its undone chunks are dropped. A worker that is about to write such a
chunk finds the mark at the end of its transaction, and rolls it back. So whatever is there afterwards is corrected.
Up to a thousand messages are corrected in the transaction that asks for it; more in chunks, by any worker.
"""
