"""The people `seed_demo` makes, and the sign-in page offers while DEBUG is on."""

from typing import NamedTuple

PASSWORD = "reddot-demo"


class Account(NamedTuple):
    username: str
    first_name: str
    last_name: str
    admin: bool = False

    @property
    def email(self) -> str:
        return f"{self.username}@example.com"


ACCOUNTS = (
    Account("admin", "Ada", "Novak", admin=True),
    Account("alice", "Alice", "Moreau"),
    Account("bob", "Bob", "Okafor"),
    Account("carol", "Carol", "Lindqvist"),
)
