"""Text from users in files that spreadsheets open."""

# A spreadsheet takes what begins with these for a formula; in Chinese and Japanese also with the wide ones.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def neutralised(cell: str) -> str:
    """With an apostrophe in front if a spreadsheet would calculate it."""
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell


def calculable(cell: str) -> str:
    """The opposite: without the apostrophe that `neutralised` has put there."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(DANGEROUS) else cell
