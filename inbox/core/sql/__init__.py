"""Statements for frequent reads: compiled once, with the same text each time, joined over many tables. No models."""
