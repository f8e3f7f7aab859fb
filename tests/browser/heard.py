"""What a screen reader gets of a page: Chromium's accessibility tree as text, one line for each node.

    list
      listitem 1 of 2
        link "Unread. Alice commented on Tea. 5 minutes ago"
        button "Star: Alice commented on Tea" not pressed, collapsed
          description: until when

Indentation is nesting. Ignored nodes are left out, and so are groups without a meaning of their own, and pieces of text
that their parent's name has said already.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from playwright.sync_api import Locator, Page

Node = dict[str, Any]
# Chromium's own names of parts that nobody hears.
SILENT = {"InlineTextBox", "ListMarker"}
GROUPS = {"generic", "GenericContainer", "LabelText", "Legend", "paragraph", "RootWebArea", "time", "Abbr", "strong",
          "emphasis"}  # fmt: skip
# Of these the name is what they contain.
WHOLE = {"link", "button", "heading", "tab", "option", "menuitem", "DisclosureTriangle", "checkbox", "radio", "switch"}


def heard(within: Page | Locator) -> str:
    """Of the page, or of one element and what is in it."""
    page = within if isinstance(within, Page) else within.page
    session = page.context.new_cdp_session(page)
    try:
        session.send("Accessibility.enable")
        nodes = {node["nodeId"]: node for node in session.send("Accessibility.getFullAXTree")["nodes"]}
        _note_current(session, nodes.values())
        tops = [node for node in nodes.values() if "parentId" not in node]
        if isinstance(within, Locator):
            inside = _backend_ids(session, within)
            tops = [node for node in nodes.values() if node.get("backendDOMNodeId") == inside]
            assert tops, f"{within} is not in the accessibility tree"
        return "\n".join(line for top in tops for line in _lines(nodes, top, 0, ""))
    finally:
        session.detach()


def _note_current(session: Any, nodes: Iterable[Node]) -> None:
    """`aria-current`, which the protocol leaves out of the tree."""
    current = dict[int, str]()

    def walk(node: Node) -> None:
        attributes = node.get("attributes", [])
        named = dict(zip(attributes[::2], attributes[1::2], strict=True))
        if value := named.get("aria-current"):
            current[node["backendNodeId"]] = value
        for each in (*node.get("children", []), *node.get("shadowRoots", [])):
            walk(each)

    walk(session.send("DOM.getDocument", {"depth": -1, "pierce": True})["root"])
    for node in nodes:
        if value := current.get(node.get("backendDOMNodeId", 0)):
            node.setdefault("properties", []).append({"name": "current", "value": {"value": value}})


def _backend_ids(session: Any, within: Locator) -> int:
    """Chromium's number of the element."""
    within.evaluate("element => { window.heardWithin = element; }")
    found = session.send("Runtime.evaluate", {"expression": "window.heardWithin"})["result"]["objectId"]
    number: int = session.send("DOM.describeNode", {"objectId": found})["node"]["backendNodeId"]
    return number


def _lines(nodes: dict[str, Node], node: Node, depth: int, said: str) -> Iterator[str]:
    """`said`: the name of the nearest node above that has one, if it is made of what is in that."""
    role = node["role"]["value"] if "role" in node else "none"
    if role in SILENT:
        return
    name = _squeezed(_value(node.get("name")))
    children = [nodes[each] for each in node.get("childIds", []) if each in nodes]
    is_shown = not node["ignored"] and role != "none" and not _is_said(role, name, said)
    if is_shown and role not in GROUPS:
        yield f"{'  ' * depth}{_line(nodes, node, role, name)}"
        description = _squeezed(_value(node.get("description")))
        depth += 1
        if description and description != name:
            yield f"{'  ' * depth}description: {description}"
        said = name if role in WHOLE else ""
    for child in children:
        yield from _lines(nodes, child, depth, said)


def _is_said(role: str, name: str, said: str) -> bool:
    return role == "StaticText" and (not name or name in said)


def _line(nodes: dict[str, Node], node: Node, role: str, name: str) -> str:
    if role == "StaticText":
        return f'text "{name}"'
    level = f" {_properties(node).get('level')}" if role == "heading" else ""
    place = _place(nodes, node) if role == "listitem" else ""
    shown = f' "{name}"' if name else ""
    return f"{role}{level}{place}{shown}{''.join(f' {state}' for state in [', '.join(_states(node))] if state)}"


def _place(nodes: dict[str, Node], node: Node) -> str:
    """Its position among the items of its list, as screen readers count them."""
    items = list(_items(nodes, nodes[_list_of(nodes, node)]))
    return f" {items.index(node['nodeId']) + 1} of {len(items)}"


def _list_of(nodes: dict[str, Node], node: Node) -> str:
    above = nodes[node["parentId"]]
    while above["ignored"] or above["role"]["value"] in GROUPS:
        above = nodes[above["parentId"]]
    return str(above["nodeId"])


def _items(nodes: dict[str, Node], node: Node) -> Iterator[str]:
    for each in node.get("childIds", []):
        child = nodes.get(each)
        if child is None:
            continue
        if not child["ignored"] and child["role"]["value"] == "listitem":
            yield each
        elif child["ignored"] or child["role"]["value"] in GROUPS:
            yield from _items(nodes, child)


def _states(node: Node) -> list[str]:
    """In words; the ones that are as usual are left out."""
    has = _properties(node)
    words = [word for name, word in WORDS.items() if _is_true(has.get(name))]
    words += [no for name, no in DENIED.items() if name in has and not _is_true(has[name])]
    words += [f"{name} {has[name]}" for name in VALUES if has.get(name) not in (None, "", "false", "off", False)]
    if value := _value(node.get("value")):
        words.append(f"value {value!r}")
    return words


WORDS = {"pressed": "pressed", "expanded": "expanded", "checked": "checked", "selected": "selected", "busy": "busy",
         "disabled": "disabled", "required": "required", "modal": "modal", "current": "current"}  # fmt: skip
DENIED = {"pressed": "not pressed", "expanded": "collapsed", "checked": "not checked"}
VALUES = ("hasPopup", "live", "invalid")


def _is_true(value: Any) -> bool:
    return value not in (None, "", False, "false", "off")


def _properties(node: Node) -> dict[str, Any]:
    return {each["name"]: each["value"].get("value") for each in node.get("properties", [])}


def _value(field: Any) -> str:
    return str(field.get("value", "")) if field else ""


def _squeezed(text: str) -> str:
    return " ".join(text.split())
