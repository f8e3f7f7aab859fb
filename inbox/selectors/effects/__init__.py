"""What a broadcast has led to: how many were shown it, have seen, read or answered it, and when."""
