"""Parts of HTTP that the API and `push` share: conditional requests, addresses of clients, cookies."""
