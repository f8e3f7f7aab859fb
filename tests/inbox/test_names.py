"""The names in a file of people, as programs write them and people type them."""

import pytest

from inbox import services
from inbox.errors import BadValue, NotFound
from inbox.models import Broadcast, BroadcastMember
from inbox.rendering.spreadsheets import neutralised
from inbox.services import Upload

from .rest import person

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]

NAMES = ("ann", "bob", "Miller, Ann", 'Tim "Tea" Pot', "=sum")
BOTH = {"ann", "bob"}
UTF_16 = "\ufeffann\tAnn\r\nbob\tBöb\r\n".encode("utf-16-le")

FILES = {
    "lines": ("ann\nbob", BOTH, []),
    "old lines": ("ann\rbob\r", BOTH, []),
    "a mark, and lines of Windows": ("\ufeffann\r\nbob\r\n", BOTH, []),
    "semicolons": ("ann;Ann\nbob;Bob, a friend\n", BOTH, []),
    "tabs": ("ann\tAnn\nbob\tBob", BOTH, []),
    "quotation marks": ('"ann","Ann ""the tea"" Müller"\n"bob","two\nlines"\n', BOTH, []),
    "said separator": ("sep=;\r\nann;Ann\r\nbob;Bob", BOTH, []),
    "semicolons later": ("ann\nbob;Bob\nnobody;No\n", BOTH, ["nobody"]),
    "semicolons in the last of many": ("ann\nx\ny\nz\nbob;Bob", BOTH, ["x", "y", "z"]),
    "names with commas": ("Miller, Ann\nann\nbob", {*BOTH, "Miller, Ann"}, []),
    "names with commas, quoted": ('"Miller, Ann",x\nann,y\nbob,z', {*BOTH, "Miller, Ann"}, []),
    "a comma in an unknown name": ("ann, the elder\nbob\nx\ny", {"bob"}, ["ann, the elder", "x", "y"]),
    "quotation marks in names": ('Tim "Tea" Pot\n"ann\nbob', {"Tim \"Tea\" Pot", "bob"}, ['"ann']),
    "kept from being calculated": ("'=sum\nann\nbob", {*BOTH, "=sum"}, []),
    "UTF-16": (UTF_16, BOTH, []),
    "UTF-16 without a mark": (UTF_16[2:], BOTH, []),
    "UTF-16, big endian": ("\ufeffann\nbob".encode("utf-16-be"), BOTH, []),
}  # fmt: skip


@pytest.fixture
def news() -> Broadcast:
    return Broadcast.objects.create(title="Tea", audience="several")


def uploaded(news: Broadcast, content: str | bytes) -> Upload:
    return services.upload_list(news, services.text_of_file(content.encode() if isinstance(content, str) else content))


@pytest.mark.parametrize(("content", "names", "unknown"), FILES.values(), ids=FILES)
def test_files(news: Broadcast, content: str | bytes, names: set[str], unknown: list[str]) -> None:
    for name in NAMES:
        person(name)
    found = uploaded(news, content)
    assert set(BroadcastMember.objects.values_list("user__username", flat=True)) == names
    assert (found.unknown, found.doubled) == (unknown, 0)


@pytest.mark.parametrize("heading", ["username", "Email", "E-Mail-Adresse", "用户名", "user name;e-mail"])
def test_a_heading_is_not_unknown(news: Broadcast, heading: str) -> None:
    person("ann")
    found = uploaded(news, f"{heading}\nann;x\nnobody;y")
    assert (found.heading, found.unknown) == (heading.split(";")[0], ["nobody"])
    person("id")
    assert uploaded(news, "id\nuser\n").unknown == ["user"]  # only the first line is one, and only if it names nobody


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(40), b"ann\nB\xf6b", b"\xff\xfea"])
def test_no_text(content: bytes) -> None:
    with pytest.raises(BadValue, match="CSV UTF-8"):
        services.text_of_file(content)


def test_one_person_by_several_names(news: Broadcast) -> None:
    ann = person("ann", email="Ann@Example.org")
    text = f"ann\nANN@example.org\nann@example.ORG\n{ann.pk}\n0{ann.pk}\nann\nnobody\nnobody"
    assert uploaded(news, text) == Upload(1, 1, 5, ["nobody"])


def test_who_is_called_like_a_part_of_a_line_is_not_meant(news: Broadcast) -> None:
    for name in ("Miller, Ann", "Miller", "7,8", "ann", "bob"):
        person(name)
    person("other", email="miller@example.org")
    found = uploaded(news, "Miller, Ann\nann,x\nbob,y\n7,8")
    assert set(BroadcastMember.objects.values_list("user__username", flat=True)) == {*BOTH, "Miller, Ann", "7,8"}
    assert (found.found, found.added, found.ambiguous) == (4, 4, [])


def test_an_address_of_two(news: Broadcast) -> None:
    for name in ("ann", "bob"):
        person(name, email="tea@example.org")
    assert uploaded(news, "tea@example.org\nbob") == Upload(2, 2, 1, [], ["tea@example.org"])


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "＝1"])
def test_unknown_names_come_back_as_they_were(news: Broadcast, name: str) -> None:
    person("ann")
    told = neutralised(name)
    assert told == f"'{name}"
    assert uploaded(news, f"ann\n{told}").unknown == [name]


WRITES = {
    "upload": lambda news: services.upload_list(news, "ann"),
    "removal": services.remove_list,
    "chosen people": lambda news: services.set_people(news, []),
    "filters": lambda news: services.freeze(news.pk),
    "publication": services.publish,
    "withdrawal": services.withdraw,
    "change": lambda news: services.change_broadcast(news, {"title": "x"}),
    "copy": lambda news: services.duplicate_broadcast(news.author, news),
    "reminder": lambda news: services.remind(news.author, news),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_deleted_announcement(news: Broadcast, write: object) -> None:
    person("ann")
    Broadcast.objects.all().delete()
    with pytest.raises(NotFound):
        write(news)  # type: ignore[operator]
    assert not BroadcastMember.objects.exists()
    assert not Broadcast.objects.exists()
