"""Nudges, from the process that wrote to every hub: the bus between processes, and the queue to the workers."""
