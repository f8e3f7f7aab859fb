"""What all endpoints share: authentication, errors, limits, schemas and the OpenAPI document. No endpoint."""
