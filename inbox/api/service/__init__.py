"""Endpoints for other services, by service token."""
