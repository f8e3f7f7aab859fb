"""Endpoints for the signed-in user, by session or ticket."""
