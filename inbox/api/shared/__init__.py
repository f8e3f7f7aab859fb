"""Shared by all endpoints: authentication, errors, limits, schemas and the OpenAPI document. No endpoint."""
