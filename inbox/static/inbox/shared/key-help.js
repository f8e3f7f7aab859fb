/**
 * The dialog that lists the keys, and switches the characters among them off. It is loaded when it is opened, and has a style sheet
 * of its own, because it opens on the inbox page and in the bell.
 * @import {Command} from "./rows/keys.js"
 */
import { h, setText } from "./dom.js";
import { gettext } from "./i18n.js";

/** Each group: its heading, and its rows: commands, keys, what they do. @returns {[string, [Command[], string[], string][]][]} */
function groups() {
  const [home, end, remove, enter] = [gettext("Home"), gettext("End"), gettext("Del"), gettext("Enter")];
  return [
    [gettext("Move"), [
      [["next"], ["J", "↓"], gettext("Next notification")],
      [["previous"], ["K", "↑"], gettext("Previous notification")],
      [["first"], [home], gettext("First notification")],
      [["last"], [end], gettext("Last notification")],
      [["forward", "backward"], ["←", "→"], gettext("Buttons and links of the notification")],
      [["search"], ["/"], gettext("Search")],
    ]],
    [gettext("Select"), [
      [["select"], ["X"], gettext("Select the notification, or not any more")],
      [["range"], [`${gettext("Shift")} X`], gettext("Select up to here")],
      [["all"], ["*"], gettext("Select all shown, then all that match, then none")],
    ]],
    [gettext("Act"), [
      [["open"], ["O", enter], gettext("Open")],
      [["archive"], ["E"], gettext("Archive, or move to the inbox")],
      [["read"], ["U"], gettext("Mark as read or unread")],
      [["star"], ["S"], gettext("Star")],
      [["snooze"], ["B"], gettext("Snooze")],
      [["delete"], [remove], gettext("Delete")],
      [["undo"], ["Z"], gettext("Undo")],
      [["help"], ["?"], gettext("Show these keys")],
    ]],
  ];
}

/**
 * Open it in `parent`. `save(hasCharacters)` stores whether characters act, and rejects with an error that has words for the user.
 * @param {Element} parent @param {{has: (command: Command) => boolean, hasCharacters: boolean, save: (value: boolean) => Promise<void>}} keys
 */
export function showKeys(parent, keys) {
  const host = h("div", { "data-key-help": true });
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [styles];
  const failed = h("p", { class: "failed", role: "alert" });
  const box = h("input", { type: "checkbox", role: "switch", "aria-describedby": "hint", onchange: () => store(box, failed, keys) });
  box.checked = keys.hasCharacters;
  const dialog = h("dialog", { "aria-labelledby": "title", onclose: () => host.remove(), onclick: (event) => event.target === dialog && dialog.close() },
    h("div", { class: "sheet" },
      h("h2", { id: "title", tabindex: "-1", autofocus: true }, gettext("Keyboard shortcuts")),
      h("div", { class: "groups" }, ...groups().flatMap(([heading, rows]) => group(heading, rows.filter(([commands]) => commands.some(keys.has))))),
      h("label", {}, box, h("span", {}, gettext("Letters and other characters act"))),
      h("p", { id: "hint" }, gettext("Switch them off if they get in the way, when you dictate for example. All other keys still act. Kept for all your devices.")),
      failed,
      h("button", { type: "button", onclick: () => dialog.close() }, gettext("Close"))));
  root.append(dialog);
  parent.append(host);
  dialog.showModal();
}

/** None without rows. */
function group(heading, rows) {
  if (!rows.length) return [];
  const lines = rows.map(([, keys, text]) => h("div", {}, h("dt", {}, ...keys.flatMap((key) => [h("kbd", {}, key), " "])), h("dd", {}, text)));
  return [h("section", {}, h("h3", {}, heading), h("dl", {}, ...lines))];
}

async function store(box, failed, keys) {
  setText(failed, "");
  try {
    await keys.save(box.checked);
  } catch (error) {
    if (!("status" in error)) throw error;
    box.checked = !box.checked;
    setText(failed, error.message);
  }
}

const styles = new CSSStyleSheet();

styles.replaceSync(/* css */ `
*, ::before, ::after { box-sizing: border-box; }
dialog { inline-size: 44em; max-inline-size: calc(100vw - 32px); max-block-size: calc(100dvh - 32px); padding: 0; overflow: auto; border: 1px solid var(--rd-border);
  border-radius: var(--rd-radius-large); background: var(--rd-raised); color: var(--rd-text); font: var(--rd-text-base) / var(--rd-leading) var(--rd-font);
  letter-spacing: normal; text-align: start; box-shadow: var(--rd-shadow); }
dialog::backdrop { background: var(--rd-backdrop); }
.sheet { padding: 20px 24px; }
h2, h3, p, dl, dd { margin: 0; font: inherit; }
h2 { font-size: var(--rd-text-lg); font-weight: 650; }
h3 { margin-block-end: 4px; color: var(--rd-text-muted); font-size: var(--rd-text-sm); font-weight: 550; }
.groups { columns: 17em 2; column-gap: 40px; }
section { break-inside: avoid; padding-block-start: 16px; }
dl > div { display: flex; align-items: baseline; justify-content: space-between; gap: 16px; padding-block: 5px; border-block-end: 1px solid var(--rd-border); }
dl > div:last-child { border: 0; }
dt { order: 1; flex: none; }
dd { overflow-wrap: anywhere; }
kbd { display: inline-block; min-inline-size: 24px; padding-inline: 6px; border: 1px solid var(--rd-border-strong); border-radius: 4px;
  background: var(--rd-surface); color: var(--rd-text); font: inherit; font-size: var(--rd-text-sm); text-align: center; }
label { display: flex; align-items: center; gap: 12px; min-block-size: var(--rd-target); margin-block-start: 12px; font-weight: 600; cursor: pointer; }
input { flex: none; inline-size: 18px; block-size: 18px; margin: 0; accent-color: var(--rd-primary); }
p { color: var(--rd-text-muted); font-size: var(--rd-text-sm); }
.failed { color: var(--rd-critical); }
button { display: block; min-block-size: var(--rd-target); margin-block-start: 16px; margin-inline-start: auto; padding-inline: 16px; border: 1px solid var(--rd-border);
  border-radius: var(--rd-radius-small); background: var(--rd-surface); color: inherit; font: inherit; font-weight: 550; cursor: pointer; }
button:hover { background: var(--rd-hover); }
:focus-visible { outline: 2px solid var(--rd-focus); outline-offset: 2px; }
h2:focus-visible { outline: none; } /* it has the focus so that it is read out */
`);
