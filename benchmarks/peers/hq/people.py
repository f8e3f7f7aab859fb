"""Fill the peer's database as benchmarks.api fills ours; prints what its load needs as JSON.

python -m benchmarks.peers.hq.people USERS EACH OWN
"""

import json
import sys
from typing import Any


def main(users: int, each: int, own: int) -> None:
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connection
    from rest_framework.authtoken.models import Token

    call_command("migrate", interactive=False, verbosity=0)
    people = get_user_model().objects
    made = people.bulk_create([people.model(username=f"bench-{n}", password="!") for n in range(users)])
    fill(made, each, own)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    token = Token.objects.create(user=made[1])
    print(json.dumps({"cookie": session(made[0]), "token": token.key, "users": [user.pk for user in made]}))


def fill(users: list[Any], each: int, own: int) -> None:
    """`each` unread notifications for everybody, and for the first `own` in all."""
    from django.contrib.contenttypes.models import ContentType
    from notifications.models import Notification

    common = {"actor_content_type": ContentType.objects.get_for_model(users[0]), "verb": "commented on “Tea”"}
    recipients = [*users * each, *[users[0]] * (own - each)]
    rows = [
        Notification(recipient=user, actor_object_id=users[1 + n % 10].pk, description="Tea", **common)
        for n, user in enumerate(recipients)
    ]
    Notification.objects.bulk_create(rows, 1000)


def session(user: Any) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
