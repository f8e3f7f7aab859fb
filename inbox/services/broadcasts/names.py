"""The names in a file: one a line, or in the first column of a CSV file, as spreadsheets write them."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from io import StringIO

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from ...errors import BadValue
from ...rendering.spreadsheets import calculable

Name = tuple[str, ...]  # what a line may mean, in this order; the last one is what a report calls it

SEPARATORS = (";", "\t", ",")
SAID = re.compile(r'"?sep=([^"\r\n])"?[\r\n]+')  # a first line that Excel reads and some programs write for it
UTF_16 = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods; .xls
HEADINGS = {
    *("username", "user name", "user_name", "user", "users", "login", "name", "id", "user id", "user_id"),
    *("email", "e-mail", "mail", "email address", "e-mail address", "email_address"),
    *("benutzername", "benutzer", "nutzername", "anmeldename", "kennung", "e-mail-adresse", "mailadresse"),
    *("用户名", "用户", "用户id", "账号", "邮箱", "电子邮件", "电子邮箱", "邮箱地址", "电子邮件地址", "姓名"),
}


def text_of_file(content: bytes) -> str:
    """The text of a file in UTF-8 or, as Excel's “Unicode Text”, in UTF-16. Raises BadValue."""
    if content.startswith(WORKBOOKS):
        raise BadValue(_("This is a workbook, not a text. Save it as “CSV UTF-8” in the spreadsheet program."))
    encoding = UTF_16.get(content[:2]) or ("utf-16-le" if content[1:4:2] == b"\0\0" else "utf-8-sig")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadValue(_("This is not a text in UTF-8. Save it as “CSV UTF-8” in the spreadsheet program.")) from error


def read(text: str) -> list[Name]:
    """The name in each line that has one. Raises BadValue.

    A name may contain a separator. So the whole line is looked for first, as a user name, and then its first cell. If
    few lines have a comma, it belongs to the names, and a first cell may be the name of somebody else.
    """
    if said := SAID.match(text):
        text = text[said.end() :]
    separator = said[1] if said else _separator(text)
    rows = [row for row in _rows(text, separator) if row[0]]
    is_table = 2 * sum(len(row) > 1 for row in rows) >= len(rows)
    return [_name(row, separator, is_table) for row in rows]


def _name(row: list[str], separator: str, is_table: bool) -> Name:
    whole = separator.join(row)
    if len(row) == 1 or not (is_table or separator != ","):
        return (whole,)
    return whole, row[0]


def _separator(text: str) -> str:
    """The one in most lines. It may be missing in the first ones, which have a single cell then."""
    lines = Counter(each for line in text.splitlines() for each in SEPARATORS if each in line)
    return max(SEPARATORS, key=lambda each: lines[each])


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    """The cells of each row. Quotation marks that don't fit belong to the names."""
    try:
        rows = list(csv.reader(StringIO(text), delimiter=separator, strict=True))
    except csv.Error:
        rows = _unquoted(text, separator)
    for row in rows:
        if row:
            yield [calculable(row[0].strip().strip("\ufeff").strip()), *row[1:]]


def _unquoted(text: str, separator: str) -> list[list[str]]:
    try:
        return list(csv.reader(text.splitlines(), delimiter=separator, quoting=csv.QUOTE_NONE))
    except csv.Error as error:
        raise BadValue(_("This is not a text or a CSV file.")) from error


def is_heading(name: str) -> bool:
    model = get_user_model()
    names = {model.USERNAME_FIELD, model.get_email_field_name(), model._meta.pk.name}
    return name.casefold() in HEADINGS | names
