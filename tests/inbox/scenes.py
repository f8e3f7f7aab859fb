"""One small scene, and every way of writing into it: through services, and by plain ORM use."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import F
from django.utils import timezone

from inbox import services
from inbox.core.snapshots import CLOCK_UNIT
from inbox.models import Broadcast, BroadcastMember, BroadcastReceipt, FollowMessage

from .people import people


class Scene:
    """A reader in a group, with a message by an actor; two broadcasts for everybody: one read, one dismissed."""

    send: Any = None
    banner: Any = None

    def __init__(self) -> None:
        self.reader, self.actor = people(2)
        self.group = Group.objects.create(name="tea")
        User.objects.get(pk=self.reader).groups.add(self.group)
        services.send([self.reader, self.actor], FollowMessage, actor=self.actor)
        self.row = FollowMessage.objects.get(recipient=self.reader)
        self.broadcast = Broadcast.objects.create(title="News", state="live")
        services.mark_read(self.reader, [self.broadcast.ref])
        self.dismissed = Broadcast.objects.create(title="News", state="live")
        services.delete(self.reader, [self.dismissed.ref])
        services.mark_read(self.actor, [self.dismissed.ref])


TOMORROW = timezone.now() + timezone.timedelta(days=1)


def edited(row: Any, **values: Any) -> Any:
    vars(row).update(values)
    return row


Write = Callable[[Scene], Any]
MAILBOX_WRITES: dict[str, Write] = {
    "send": lambda scene: services.send([scene.reader], FollowMessage),
    "mark_read": lambda scene: services.mark_read(scene.reader, [scene.row.ref]),
    "archive": lambda scene: services.archive(scene.reader, [scene.row.ref]),
    "delete": lambda scene: services.delete(scene.reader, [scene.row.ref]),
    "star": lambda scene: services.star(scene.reader, [scene.row.ref, scene.broadcast.ref]),
    "snooze": lambda scene: services.snooze(scene.reader, [scene.row.ref, scene.broadcast.ref], TOMORROW),
    "dismiss": lambda scene: services.delete(scene.reader, [scene.broadcast.ref]),
    "mark_all_read": lambda scene: services.mark_all_read(scene.reader, 10 * CLOCK_UNIT + 10),
    "see": lambda scene: services.see(scene.reader, 10 * CLOCK_UNIT + 10),
    "create": lambda scene: FollowMessage.objects.create(recipient_id=scene.reader),
    "save": lambda scene: edited(scene.row, url="/tea").save(),
    "save some": lambda scene: edited(scene.row, url="/tea").save(update_fields=["url"]),
    "row.delete": lambda scene: scene.row.delete(),
    "bulk_create": lambda scene: FollowMessage.objects.bulk_create([FollowMessage(recipient_id=scene.reader)]),
    "bulk_update": lambda scene: FollowMessage.objects.bulk_update([edited(scene.row, url="/tea")], ["url"]),
    "update": lambda scene: FollowMessage.objects.filter(recipient=scene.reader).update(url="/tea"),
    "update computed": lambda scene: FollowMessage.objects.filter(recipient=scene.reader).update(seq=F("seq") + 100),
    "update_or_create": lambda scene: FollowMessage.objects.update_or_create({"url": "/tea"}, pk=scene.row.pk),
    "get_or_create": lambda scene: FollowMessage.objects.get_or_create(recipient_id=scene.reader, url="/new"),
    "queryset.delete": lambda scene: FollowMessage.objects.filter(recipient=scene.reader).delete(),
    "receipt.delete": lambda scene: BroadcastReceipt.objects.get(deleted_at__isnull=False).delete(),
    "receipts.delete": lambda scene: BroadcastReceipt.objects.filter(deleted_at__isnull=False).delete(),
    "receipts.update": lambda scene: BroadcastReceipt.objects.filter(broadcast=scene.broadcast).update(read_at=None),
    "user.delete": lambda scene: User.objects.get(pk=scene.actor).delete(),
    "users.delete": lambda scene: User.objects.filter(pk=scene.actor).delete(),
    "leave": lambda scene: scene.group.user_set.remove(scene.reader),
    "clear": lambda scene: scene.group.user_set.clear(),
    "group.delete": lambda scene: scene.group.delete(),
    "touch": lambda scene: services.touch([scene.reader]),
}
CLOCK_WRITES: dict[str, Write] = {
    "withdraw": lambda scene: services.withdraw(scene.broadcast),
    "expire": lambda scene: services.expire(scene.broadcast),
    "create": lambda scene: Broadcast.objects.create(title="More", state="live"),
    "save": lambda scene: edited(scene.broadcast, title="Newer").save(),
    "save some": lambda scene: edited(scene.broadcast, title="Newer").save(update_fields=["title"]),
    "row.delete": lambda scene: scene.broadcast.delete(),
    "bulk_create": lambda scene: Broadcast.objects.bulk_create([Broadcast(title="More", state="live")]),
    "bulk_update": lambda scene: Broadcast.objects.bulk_update([edited(scene.broadcast, state="draft")], ["state"]),
    "update": lambda scene: Broadcast.objects.update(title="Newer"),
    "queryset.delete": lambda scene: Broadcast.objects.all().delete(),
    "groups.add": lambda scene: scene.broadcast.groups.add(scene.group),
    "excluded_groups.add": lambda scene: scene.broadcast.excluded_groups.add(scene.group),
    "set_people": lambda scene: services.set_people(scene.broadcast, [scene.actor], is_excluded=True),
    "upload_list": lambda scene: services.upload_list(scene.broadcast, str(scene.actor)),
    "member.create": lambda scene: BroadcastMember.objects.create(broadcast=scene.broadcast, user_id=scene.actor),
    "bump_clock": lambda scene: services.bump_clock(),
    "raise_clock": lambda scene: services.raise_clock(99 * CLOCK_UNIT),
}

NOTHING: dict[str, Write] = {
    "save": lambda scene: scene.row.save(),
    "save some": lambda scene: edited(scene.row, url="/tea").save(update_fields=["actor"]),
    "update": lambda scene: FollowMessage.objects.update(url="", read_at=None),
    "update computed": lambda scene: FollowMessage.objects.update(seq=F("seq"), read_at=F("archived_at")),
    "bulk_update": lambda scene: FollowMessage.objects.bulk_update([scene.row], ["url", "read_at"]),
    "mark_unread": lambda scene: services.mark_unread(scene.reader, [scene.row.ref]),
    "unstar": lambda scene: services.unstar(scene.reader, [scene.row.ref, scene.broadcast.ref]),
    "unsnooze": lambda scene: services.unsnooze(scene.reader, [scene.row.ref, scene.broadcast.ref]),
    "wake_due": lambda scene: services.wake_due(),
    "read again": lambda scene: services.mark_read(scene.reader, [scene.broadcast.ref]),
    "mark_all_read": lambda scene: services.mark_all_read(scene.reader, 0),
    "see": lambda scene: services.see(scene.reader, 0),
    "delete none": lambda scene: FollowMessage.objects.filter(pk=0).delete(),
    "join again": lambda scene: scene.group.user_set.add(scene.reader),
    "leave unjoined": lambda scene: scene.group.user_set.remove(scene.actor),
    "leave others": lambda scene: User.objects.get(pk=scene.actor).groups.remove(scene.group),
    "clear nothing": lambda scene: User.objects.get(pk=scene.actor).groups.clear(),
    "staff again": lambda scene: User.objects.get(pk=scene.reader).save(),
    "broadcast.save": lambda scene: scene.broadcast.save(),
    "broadcast.save some": lambda scene: edited(scene.broadcast, title="Newer").save(update_fields=["url"]),
    "broadcasts.update": lambda scene: Broadcast.objects.update(title="News"),
    "unused group": lambda scene: scene.broadcast.groups.remove(scene.group),
    "unused people": lambda scene: services.set_people(scene.broadcast, []),
    "no list": lambda scene: services.remove_list(scene.broadcast),
    "no members": lambda scene: BroadcastMember.objects.all().delete(),
    "no excluded groups": lambda scene: scene.broadcast.excluded_groups.clear(),
    "no groups": lambda scene: scene.broadcast.groups.clear(),
    "publish again": lambda scene: services.publish(scene.broadcast),
    "edit a draft": lambda scene: edited(Broadcast.objects.create(title="Draft"), title="Better").save(),
    "state unsaved": lambda scene: edited(Broadcast.objects.create(title="No"), state="live").save(
        update_fields=["url"]
    ),
    "raise to the past": lambda scene: services.raise_clock(0),
    "apply_due": lambda scene: services.apply_due(),
}

WRITES = [*MAILBOX_WRITES, *CLOCK_WRITES]
all_writes = pytest.mark.parametrize("write", [*MAILBOX_WRITES.values(), *CLOCK_WRITES.values()], ids=WRITES)
mailbox_writes = pytest.mark.parametrize("write", MAILBOX_WRITES.values(), ids=MAILBOX_WRITES)
clock_writes = pytest.mark.parametrize("write", CLOCK_WRITES.values(), ids=CLOCK_WRITES)
