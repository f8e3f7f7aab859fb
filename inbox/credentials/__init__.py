"""Sessions and tickets: who they belong to, and the announcement that one may have ended. No connections."""
