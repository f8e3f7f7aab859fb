"""What users do to the items of their own mailbox: mark, act on many, press, see, and undo. What others do to them is
in `services` itself."""
