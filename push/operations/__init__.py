"""For those who run it: is this process alive, is all it needs there, what has it done."""
