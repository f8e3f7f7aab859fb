"""Parts of HTTP that the API and `push` share: conditional requests, client addresses, cookies, problem documents."""
