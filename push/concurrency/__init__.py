"""Threads and supervised tasks for work beside requests. Nothing here knows what the work is."""
