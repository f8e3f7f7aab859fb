"""The mailbox: what is stored, and who may read and write it. How it reaches a screen is in `push`."""
