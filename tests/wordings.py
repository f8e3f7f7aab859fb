"""What rows say around their titles, by language. Each case is tried with the server's code
(tests/demo/test_wordings.py) and the browser's (tests/browser/pages/test_heard.py)."""

from typing import Any

NEW = {"read": False, "starred": False, "items": 0, "unread": 0}

# The language, what differs from a new item, what is said before its title.
BEFORE: list[tuple[str, dict[str, Any], str]] = [
    ("en", {}, "Unread."),
    ("en", {"read": True}, ""),
    ("en", {"read": True, "starred": True}, "Starred."),
    ("en", {"starred": True}, "Unread. Starred."),
    ("en", {"items": 5, "unread": 2}, "Unread. Thread of 5, 2 unread:"),
    ("en", {"read": True, "items": 5}, "Thread of 5:"),
    ("en", {"starred": True, "items": 2, "unread": 2}, "Unread. Starred. Thread of 2, 2 unread:"),
    ("de", {}, "Ungelesen."),
    ("de", {"read": True, "items": 5}, "Thread mit 5:"),
    ("de", {"starred": True, "items": 5, "unread": 2}, "Ungelesen. Markiert. Thread mit 5, davon 2 ungelesen:"),
    ("zh-hans", {"starred": True, "items": 5, "unread": 2}, "未读。 已加星标。 会话，共 5 条，2 条未读："),
]
# The language, a title, what ends it before the time.
STOPS = [
    ("en", "Alice commented on “Tea”", "."),
    ("en", "Done!", ""),
    ("en", "“Done?” ", ""),
    ("en", "Wait…", ""),
    ("de", "Fertig", "."),
    ("ar", "هل انتهى؟", ""),
    ("ar", "انتهى", "."),
    ("zh-hans", "爱丽丝评论了“茶”", "。"),
    ("zh-hans", "完成。", ""),
]
# The language, an act, a title, the name of the button.
NAMES = [
    ("en", "Archive", "Alice commented on “Tea”", "Archive: Alice commented on “Tea”"),
    ("en", "Archive", " Tea ", "Archive: Tea"),
    ("en", "Archive", "x" * 100, f"Archive: {'x' * 100}"),
    ("en", "Archive", "🍵" * 101, f"Archive: {'🍵' * 100}…"),
    ("en", "Archive", f"{'x' * 99} {'y' * 9}", f"Archive: {'x' * 99}…"),
    ("de", "Archivieren", "Tee", "Archivieren: Tee"),
    ("ar", "أرشفة", "شاي", "أرشفة: شاي"),
    ("zh-hans", "归档", "茶", "归档：茶"),
]
