"""What callers bring along, and how long it is valid: service tokens, tickets, sessions, idempotency keys."""
