"""Users by the dozen."""

from itertools import count
from typing import Any

from django.contrib.auth.models import User

numbers = count()


def people(number: int, **flags: Any) -> list[int]:
    """Primary keys of new users, ascending. They have no mailboxes yet."""
    made = User.objects.bulk_create(User(username=f"user{next(numbers)}", **flags) for _ in range(number))
    return [user.pk for user in made]
