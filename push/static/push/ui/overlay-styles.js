/** The style sheet of panel and toasts, which applies after that of the bell (styles.js). */
export const overlayStyles = new CSSStyleSheet();

overlayStyles.replaceSync(/* css */ `
/* panel */
.panel { position: fixed; inset: var(--top, 64px) auto auto var(--left, 8px); margin: 0; padding: 0; border: 0; overflow: visible;
  inline-size: 408px; max-inline-size: calc(100vw - 16px); background: none; color: inherit; font: inherit; }
.panel:focus-visible { outline: none; }
.panel:popover-open { animation: arrive var(--rd-quick) var(--rd-ease); }
.sheet { display: flex; flex-direction: column; block-size: min(580px, calc(100dvh - var(--top, 64px) - 16px)); overflow: hidden;
  border: 1px solid var(--rd-border); border-radius: var(--rd-radius-large); background: var(--rd-raised); box-shadow: var(--rd-shadow); }
.head { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0 var(--rd-space-2);
  padding-block: var(--rd-space-3) var(--rd-space-1); padding-inline: var(--rd-space-4) var(--rd-space-2); border-block-end: 1px solid var(--rd-border); }
h2 { font-size: 0.9375rem; font-weight: 650; }
.tools { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; flex: 1 0 100%; min-inline-size: 0; margin-inline-start: -10px; }
.filters { display: flex; gap: 2px; }
.filter { min-block-size: 36px; padding-inline: 10px; border-radius: var(--rd-radius-small); color: var(--rd-text-muted); font-size: var(--rd-text-sm); }
.filter:hover { color: var(--rd-text); }
.filter[aria-pressed="true"] { color: var(--rd-text); font-weight: 600; text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: 6px; }
.quiet { display: inline-flex; align-items: center; gap: 6px; min-block-size: 36px; padding-inline: 10px; border-radius: var(--rd-radius-small);
  color: var(--rd-text-muted); font-size: var(--rd-text-sm); transition: background var(--rd-quick), color var(--rd-quick); }
.quiet .icon { inline-size: 17px; block-size: 17px; }
.quiet:hover { background: var(--rd-hover); color: var(--rd-text); }
.shut { display: none; place-items: center; inline-size: 44px; block-size: 44px; border-radius: var(--rd-radius-small); color: var(--rd-text-muted); }
h2 { flex: 1; min-inline-size: min(100%, 6em); overflow-wrap: anywhere; }
.quiet[aria-disabled="true"] { visibility: hidden; }
.quiet[aria-disabled="true"]:focus { visibility: visible; opacity: 0.6; background: none; }
.line { display: flex; align-items: center; border-block-end: 1px solid var(--rd-border); background: var(--rd-hover);
  color: var(--rd-text-muted); font-size: var(--rd-text-sm); }
.notice { flex: 1; padding: var(--rd-space-2) var(--rd-space-4); }
.line:has(.notice[data-failed="true"]) { background: var(--rd-accent-soft); color: var(--rd-accent-text); }
/* It stays in the page while it is empty: a screen reader tells changes of what is there. */
.line:has(.notice:empty) { border: 0; }
.notice:empty { padding: 0; }
.undo { min-block-size: 36px; padding-inline: 10px; margin-inline-end: var(--rd-space-2); border-radius: var(--rd-radius-small); color: var(--rd-text);
  font-weight: 600; }
.undo:hover { background: var(--rd-raised); }
.kept { display: flex; flex-wrap: wrap; align-items: center; gap: 0 var(--rd-space-2); padding: var(--rd-space-2) var(--rd-space-4); border-block-end: 1px solid var(--rd-border);
  border-inline-start: 4px solid var(--rd-critical); font-size: var(--rd-text-sm); }
.kept > div { flex: 1 0 100%; line-height: var(--rd-leading); max-block-size: 30vh; overflow: auto; overflow-wrap: anywhere; }
.kept p { color: var(--rd-text-muted); }
.kept .quiet { margin-inline: -10px var(--rd-space-3); color: var(--rd-text); font-weight: 600; }
.kept .quiet:focus-visible { outline-offset: -2px; }
.kept .quiet[aria-disabled="true"] { visibility: visible; opacity: 0.6; }
.list { flex: 1; min-block-size: 0; overflow-wrap: anywhere; overflow-y: auto; overscroll-behavior: contain; scrollbar-width: thin; }
.foot { border-block-start: 1px solid var(--rd-border); }
.all { display: grid; place-items: center; min-block-size: 44px; font-size: var(--rd-text-sm); font-weight: 600; }
.all:hover { background: var(--rd-hover); }
.all:focus-visible { outline-offset: -3px; border-radius: var(--rd-radius); }

/* rows: space is reserved for the dot, so marking as read moves nothing; the acts lie over the upper edge of a row, beside its title */
.rd-list { outline: none; }
.rd-stop { font-size: 0; } /* for the ear */
.rd-hidden { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
.rd-day { padding-block: var(--rd-space-2) 6px; padding-inline: 28px var(--rd-space-4); }
.rd-day h3 { color: var(--rd-text-muted); font-size: var(--rd-text-sm); }
.rd-row { position: relative; display: grid; grid-template-columns: 8px 34px minmax(0, 1fr) auto; gap: 2px 10px; align-items: start;
  padding-block: 11px; padding-inline: 10px var(--rd-space-4); transition: background var(--rd-quick); -webkit-touch-callout: none; }
.rd-row + .rd-row { box-shadow: inset 0 1px var(--rd-border); }
.rd-row:is(:hover, :focus-within) { background: var(--rd-hover); }
/* which row a key is for, while the focus is elsewhere in the panel */
.rd-current { position: relative; }
.rd-current:not(:focus-within)::before { content: ""; position: absolute; inset-block: 10px; inset-inline-start: 0; border-inline-start: 3px solid var(--rd-focus); }
.rd-dot { inline-size: 8px; block-size: 8px; margin-block-start: 13px; border-radius: 50%; }
.rd-unread > .rd-dot { background: var(--rd-accent); }
.rd-kind { position: relative; z-index: 1; display: grid; place-items: center; inline-size: 34px; block-size: 34px; border-radius: 50%; background: var(--rd-hover);
  color: var(--rd-text-muted); font-size: var(--rd-text-xs); font-weight: 650; }
.rd-kind:not(:has(a)) { pointer-events: none; }
.rd-row:is(:hover, :focus-within) .rd-kind { background: var(--rd-raised); }
.rd-kind .icon { inline-size: 18px; block-size: 18px; }
.rd-face { display: grid; place-items: center; inline-size: 34px; block-size: 34px; border-radius: 50%; }
.rd-picture { inline-size: 34px; block-size: 34px; border-radius: 50%; object-fit: cover; }
.rd-mark { position: absolute; inset-block-end: -4px; inset-inline-end: -4px; display: grid; place-items: center; inline-size: 18px; block-size: 18px; border-radius: 50%;
  background: var(--rd-raised); color: var(--rd-text-muted); pointer-events: none; }
.rd-mark .icon { inline-size: 12px; block-size: 12px; }
.rd-success { color: var(--rd-success); }
.rd-warning { color: var(--rd-warning); }
.rd-critical { color: var(--rd-critical); }
.rd-level { font-weight: 650; }
.trial { padding: 0 0.4em; border: 1px solid currentColor; border-radius: 4px; color: var(--rd-text); font-size: 0.85em; font-weight: 600; white-space: nowrap; }
.rd-text { min-inline-size: 0; align-self: center; }
.rd-title { padding: 0; color: var(--rd-text-muted); overflow-wrap: anywhere; cursor: pointer; }
.rd-title::after { content: ""; position: absolute; inset: 0; }
.rd-title:focus-visible { outline: none; }
.rd-title:focus-visible::after { outline: 2px solid var(--rd-focus); outline-offset: -3px; border-radius: var(--rd-radius); }
.rd-unread .rd-title { color: var(--rd-text); font-weight: 600; }
.rd-body { margin-block-start: 3px; color: var(--rd-text-muted); font-size: var(--rd-text-sm); overflow-wrap: anywhere; }
p.rd-body { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; white-space: pre-line; }
.rd-open p.rd-body { -webkit-line-clamp: none; }
.rd-rich { max-block-size: 6lh; overflow: hidden; }
.rd-open .rd-rich { max-block-size: none; }
.rd-row:not(.rd-open) .rd-rich:has(+ .rd-fold:not([hidden])) { mask-image: linear-gradient(#000 calc(100% - 2lh), transparent); }
.rd-rich > * + * { margin-block-start: 8px; }
.rd-rich a { position: relative; z-index: 1; color: var(--rd-text); text-decoration: underline; }
.rd-rich img { max-inline-size: 100%; block-size: auto; border-radius: var(--rd-radius-small); }
.rd-rich table { display: block; max-inline-size: 100%; overflow-x: auto; border-collapse: collapse; }
.rd-rich :is(th, td) { padding: 2px 8px; border: 1px solid var(--rd-border); text-align: start; }
.rd-rich .rd-center { text-align: center; }
.rd-rich .rd-right { text-align: end; }
.rd-rich :is(ul, ol) { padding-inline-start: 20px; list-style: disc; }
.rd-rich ol { list-style: decimal; }
.rd-rich :is(h1, h2, h3, h4, h5, h6, b, strong) { font-weight: 600; }
.rd-fold { position: relative; z-index: 1; min-block-size: 28px; margin-inline: -8px; padding-inline: 8px; border-radius: var(--rd-radius-small); font-size: var(--rd-text-sm); font-weight: 600; }
.rd-fold:hover { text-decoration: underline; text-underline-offset: 3px; }
.rd-size, .rd-until { margin-block-start: 2px; color: var(--rd-text-muted); font-size: var(--rd-text-sm); }
.rd-links { position: relative; z-index: 1; display: flex; flex-wrap: wrap; gap: 8px; inline-size: fit-content; margin-block-start: 8px; }
.rd-button, .button { display: inline-flex; align-items: center; min-block-size: 36px; padding: 4px 12px; border: 1px solid var(--rd-border-strong); border-radius: var(--rd-radius); color: var(--rd-text); font-size: var(--rd-text-sm); text-decoration: none; overflow-wrap: anywhere; white-space: pre-wrap; }
.rd-button { background: var(--rd-raised); }
:is(.rd-button, .button):hover { background: var(--rd-hover); }
.rd-time { grid-area: 1 / 4; min-inline-size: 3.5em; padding-block-start: 1px; color: var(--rd-text-muted); font-size: var(--rd-text-xs); text-align: end; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.rd-row:not(:has(.rd-body, .rd-size, .rd-links)) { align-items: center; }
.rd-row:not(:has(.rd-body, .rd-size, .rd-links)) > .rd-dot { margin-block-start: 0; }
.rd-starred .rd-time::before { content: "★ " / ""; color: var(--rd-warning); }
.rd-acts { position: absolute; z-index: 2; inset-block-start: -20px; inset-inline-end: var(--rd-space-2); display: flex; padding: 1px; border: 1px solid var(--rd-border);
  border-radius: var(--rd-radius-small); background: var(--rd-raised); box-shadow: var(--rd-shadow-small); opacity: 0; pointer-events: none; }
.rd-row:is(:first-child, .rd-day + *) .rd-acts { inset-block-start: 2px; }
.rd-row:is(:hover, :focus-within) .rd-acts { opacity: 1; pointer-events: auto; }
.rd-row:is(:hover, :focus-within) .rd-time { opacity: 0; }
.rd-act { display: grid; place-items: center; inline-size: 32px; block-size: 32px; border-radius: 4px; color: var(--rd-text-muted); }
.rd-act .icon { inline-size: 17px; block-size: 17px; }
.rd-act:focus-visible { outline-offset: -2px; }
@media (hover: hover) { .rd-act:hover { background: var(--rd-hover); color: var(--rd-text); } }
.rd-act[aria-pressed="true"] .icon { fill: currentColor; color: var(--rd-warning); }
.rd-more-acts { display: none; }
/* where nothing hovers "More" and a long press show them below the text */
@media (hover: none), (pointer: coarse) {
  .rd-row .rd-acts { position: static; display: none; grid-area: auto / 3 / auto / -1; flex-wrap: wrap; justify-self: start; margin-block: 4px -4px; margin-inline-start: -12px; border: 0; background: none;
    box-shadow: none; opacity: 1; pointer-events: auto; }
  .rd-row.rd-acting .rd-acts { display: flex; }
  .rd-act { inline-size: 44px; block-size: 44px; }
  .rd-more-acts { position: relative; z-index: 1; display: grid; grid-area: 2 / 4; justify-self: end; margin-block: -10px -11px; margin-inline-end: -12px; }
  .rd-row.rd-row { grid-template-rows: auto auto; align-items: start; }
  .rd-row.rd-row > .rd-dot { margin-block-start: 13px; }
  .rd-row .rd-text { grid-area: 1 / 3 / span 2; align-self: start; min-block-size: 34px; align-content: center; }
  .rd-row.rd-row .rd-time { min-block-size: 34px; align-content: center; opacity: 1; }
  .rd-row.rd-row:has(.rd-parts) .rd-time { min-block-size: 0; }
  .rd-button, .button, .rd-fold { min-block-size: 44px; }
}

/* compact */
[data-density="compact"] .rd-row { grid-template-columns: 8px 24px minmax(0, 1fr) auto; padding-block: 5px; }
[data-density="compact"] :is(.rd-kind, .rd-face, .rd-picture) { inline-size: 24px; block-size: 24px; font-size: 0.625rem; }
[data-density="compact"] .rd-kind > .icon { inline-size: 14px; block-size: 14px; }
[data-density="compact"] .rd-mark { inline-size: 14px; block-size: 14px; }
[data-density="compact"] .rd-mark .icon { inline-size: 10px; block-size: 10px; }
[data-density="compact"] .rd-row > .rd-dot { margin-block-start: 8px; }
[data-density="compact"] .rd-body { margin-block-start: 0; }
[data-density="compact"] .rd-row:not(.rd-open) > .rd-text > .rd-body { display: -webkit-box; overflow: hidden; max-block-size: 1lh; -webkit-box-orient: vertical; -webkit-line-clamp: 1; white-space: normal; }
[data-density="compact"] .rd-row:not(.rd-open) > .rd-text > .rd-body.rd-rich { mask-image: none; }
[data-density="compact"] .rd-row:not(.rd-open) .rd-rich * { margin-block: 0; font-size: inherit; }
[data-density="compact"] .rd-row:not(.rd-open) .rd-rich :is(table, thead, tbody, tr, th, td) { display: inline; padding: 0; border: 0; }
/* a chevron at the end of the line unfolds it */
[data-density="compact"] .rd-row:not(.rd-open) > .rd-text:has(> .rd-fold:not([hidden])) { display: grid; grid-template-columns: minmax(0, 1fr) auto; }
[data-density="compact"] .rd-row:not(.rd-open) > .rd-text:has(> .rd-fold:not([hidden])) > :not(.rd-body, .rd-fold) { grid-column: 1 / -1; }
[data-density="compact"] .rd-row:not(.rd-open) > .rd-text > .rd-links { grid-row: 4; }
[data-density="compact"] .rd-row:not(.rd-open) > .rd-text:has(> .rd-fold:not([hidden])) > .rd-body { grid-area: 3 / 1; }
[data-density="compact"] .rd-row:not(.rd-open) > .rd-text > .rd-fold { grid-area: 3 / 2; inline-size: 32px; block-size: 24px; min-block-size: 0; margin: -3px 0; padding: 0; color: var(--rd-text-muted); font-size: 0; }
[data-density="compact"] .rd-row:not(.rd-open) .rd-fold::before { content: ""; display: inline-block; inline-size: 7px; block-size: 7px; border: solid; border-width: 0 2px 2px 0; transform: translateY(-2px) rotate(45deg); }
@media (pointer: coarse) { [data-density="compact"] .rd-row:not(.rd-open) > .rd-text > .rd-fold { inline-size: 44px; block-size: 44px; margin-block: -13px; } }

/* the items of a thread, below its headline */
.rd-parts { position: relative; z-index: 1; margin-block-start: 6px; }
/* as wide as the row allows: the text stands in the grid of the row, whose direction may be another one */
.rd-row:has(.rd-parts) > .rd-text { display: contents; }
.rd-row:has(.rd-parts) > :is(.rd-dot, .rd-kind) { grid-row: 1 / span 2; }
.rd-row:has(.rd-parts) .rd-title { grid-area: 1 / 3; }
.rd-row:has(.rd-parts) .rd-size { grid-area: 2 / 3; }
.rd-row:has(.rd-parts) .rd-parts { grid-area: 3 / 3 / auto / -1; }
.rd-part { display: flex; align-items: center; gap: 10px; min-block-size: var(--rd-target); }
.rd-part .rd-dot { flex: none; margin: 0; }
.rd-part :is(a, button) { flex: 1; min-inline-size: 0; min-block-size: var(--rd-target); padding: 4px 0; color: var(--rd-text-muted); font-size: var(--rd-text-sm); overflow-wrap: anywhere; align-content: center; }
.rd-part :is(a, button):hover { text-decoration: underline; text-underline-offset: 3px; }
.rd-part.rd-unread :is(a, button) { color: var(--rd-text); }
.rd-part-body { display: block; overflow: hidden; color: var(--rd-text-muted); text-overflow: ellipsis; white-space: nowrap; }
.rd-part time { color: var(--rd-text-muted); font-size: var(--rd-text-xs); white-space: nowrap; }

/* until when: over the panel */
.rd-dialog { inline-size: 22em; max-inline-size: calc(100vw - 32px); padding: 20px; border: 1px solid var(--rd-border); border-radius: var(--rd-radius); background: var(--rd-raised); color: var(--rd-text); font: inherit; }
.rd-dialog::backdrop { background: var(--rd-backdrop); }
.rd-dialog h2 { margin-block-end: 12px; font-size: var(--rd-text-lg); }
.rd-dialog > .rd-button { inline-size: 100%; flex-direction: column; align-items: flex-start; margin-block-end: 8px; padding-block: 6px; font-weight: 550; }
.rd-dialog time, .rd-hint { color: var(--rd-text-muted); font-size: var(--rd-text-sm); font-weight: 400; }
.rd-dialog form { display: grid; gap: 6px; margin-block-start: 12px; }
.rd-dialog label { font-weight: 600; }
.rd-dialog input { min-block-size: var(--rd-target); padding-inline: 10px; border: 1px solid var(--rd-border-strong); border-radius: var(--rd-radius-small); background: var(--rd-surface); color: inherit; font: inherit; }
.rd-dialog form > div { display: flex; justify-content: end; gap: 8px; margin-block-start: 8px; }
.rd-dialog .rd-primary { border-color: var(--rd-primary); background: var(--rd-primary); color: var(--rd-on-primary); }
.rd-dialog .rd-primary:hover { background: var(--rd-primary-hover); }

/* views without a list */
.view { display: flex; flex-direction: column; align-items: center; justify-content: center; gap: var(--rd-space-1); min-block-size: 100%;
  padding: var(--rd-space-5); text-align: center; }
.view p { max-inline-size: 30ch; color: var(--rd-text-muted); font-size: var(--rd-text-sm); line-height: var(--rd-leading); }
.emblem { display: grid; place-items: center; inline-size: 56px; block-size: 56px; margin-block-end: var(--rd-space-3); border-radius: 50%;
  background: var(--rd-hover); color: var(--rd-text-muted); }
.emblem .icon { inline-size: 26px; block-size: 26px; }
h3 { font-weight: 650; }
.view .button { margin-block-start: var(--rd-space-4); padding-inline: var(--rd-space-4); border-radius: var(--rd-radius-small); font-weight: 600; }
.bone { display: grid; grid-template: 13px 11px / 34px 1fr; gap: 8px 10px; padding-block: 14px; padding-inline: 28px var(--rd-space-4); }
.bone span { border-radius: var(--rd-radius-small); background: var(--rd-border); animation: breathe 1.4s ease-in-out infinite alternate; }
.bone span:first-child { grid-row: span 2; block-size: 34px; border-radius: 50%; }
.bone span:last-child { inline-size: 60%; }

/* toasts: their boxes are as high as the window, so that these do not move when one comes */
.toasts { position: fixed; inset: auto; inset-block: var(--rd-space-4) calc(var(--rd-space-4) + var(--rd-safe-bottom)); inset-inline-end: max(var(--rd-space-4), var(--rd-safe-sides)); block-size: auto; pointer-events: none; margin: 0; padding: 0; border: 0; overflow: visible; background: none; color: inherit;
  inline-size: min(380px, calc(100vw - 2 * var(--rd-space-4))); font: inherit; }
.toasts:popover-open { display: flex; flex-direction: column; }
.stack { flex: 1; display: grid; align-content: end; gap: var(--rd-space-2); }
.toast, .rest { pointer-events: auto; }
.toast { display: grid; grid-template-columns: 34px minmax(0, 1fr) 32px; gap: var(--rd-space-3); padding: var(--rd-space-3); border: 1px solid var(--rd-border);
  border-radius: var(--rd-radius-large); background: var(--rd-raised); color: var(--rd-text); box-shadow: var(--rd-shadow); animation: arrive var(--rd-calm) var(--rd-ease); }
.words > * { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere; }
.words { display: grid; gap: 3px; align-content: center; min-inline-size: 0; border-radius: var(--rd-radius-small); cursor: pointer; }
.words :is(strong, b) { font-weight: 600; }
.words:hover strong { text-decoration: underline; text-underline-offset: 3px; }
.words span { color: var(--rd-text-muted); font-size: var(--rd-text-sm); }
.close { display: grid; place-items: center; inline-size: 32px; block-size: 32px; border-radius: var(--rd-radius-small); color: var(--rd-text-muted); }
.close:hover { background: var(--rd-hover); color: var(--rd-text); }
.close .icon { inline-size: 16px; block-size: 16px; }
.rest { display: block; margin: var(--rd-space-2) auto 0; padding: 6px var(--rd-space-3); border: 1px solid var(--rd-border); border-radius: var(--rd-radius-pill);
  background: var(--rd-raised); color: var(--rd-text-muted); box-shadow: var(--rd-shadow-small); font-size: var(--rd-text-xs); font-variant-numeric: tabular-nums; }
.rest:hover { color: var(--rd-text); }

@keyframes arrive { from { opacity: 0; transform: translateY(6px); } }
@keyframes breathe { from { opacity: 1; } to { opacity: 0.4; } }

/* phones: a bottom sheet */
@media (max-width: 560px) {
  .panel { inset: 0; inline-size: 100%; block-size: 100dvh; max-inline-size: none; max-block-size: none; background: var(--rd-backdrop); touch-action: none; }
  .panel:popover-open { display: flex; align-items: flex-end; animation-name: fade; }
  .sheet { inline-size: 100%; block-size: min(85dvh, 720px); border-width: 1px 0 0; border-radius: var(--rd-radius-large) var(--rd-radius-large) 0 0;
    padding-block-end: var(--rd-safe-bottom); touch-action: auto; }
  .panel:popover-open .sheet { animation: rise var(--rd-calm) var(--rd-ease); }
  .toasts { inset-inline: max(var(--rd-space-3), var(--rd-safe-sides)); inset-block-end: calc(var(--rd-space-3) + var(--rd-safe-bottom)); inline-size: auto; }
  .quiet, .filter, .button, .undo, .words, .rd-fold { min-inline-size: 44px; min-block-size: 44px; }
  .shut { display: grid; }
  .close { inline-size: 44px; block-size: 44px; margin-block: -6px; margin-inline-end: -6px; }
}
/* high contrast, as in styles.js */
@media (forced-colors: active) {
  .rd-unread > .rd-dot { forced-color-adjust: none; background: Highlight; }
  .rd-row + .rd-row { box-shadow: none; border-block-start: 1px solid; }
  .rd-kind, .emblem, .bone span { border: 1px solid; }
  .notice[data-failed="true"] { border-inline-start: 4px solid Highlight; }
}
@keyframes fade { from { background-color: transparent; } }
@keyframes rise { from { transform: translateY(40px); opacity: 0; } }
`);
