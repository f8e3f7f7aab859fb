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
.head { display: flex; align-items: center; justify-content: space-between; gap: var(--rd-space-2);
  padding-block: var(--rd-space-2); padding-inline: var(--rd-space-4) var(--rd-space-2); border-block-end: 1px solid var(--rd-border); }
h2 { font-size: 0.9375rem; font-weight: 650; }
.quiet { display: inline-flex; align-items: center; gap: 6px; min-block-size: 36px; padding-inline: 10px; border-radius: var(--rd-radius-small);
  color: var(--rd-text-muted); font-size: var(--rd-text-sm); transition: background var(--rd-quick), color var(--rd-quick); }
.quiet .icon { inline-size: 17px; block-size: 17px; }
.quiet:hover { background: var(--rd-hover); color: var(--rd-text); }
.shut { display: none; place-items: center; inline-size: 44px; block-size: 44px; border-radius: var(--rd-radius-small); color: var(--rd-text-muted); }
h2 { flex: 1; }
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
.list { flex: 1; min-block-size: 0; overflow-y: auto; overscroll-behavior: contain; scrollbar-width: thin; }
.foot { border-block-start: 1px solid var(--rd-border); }
.all { display: grid; place-items: center; min-block-size: 44px; font-size: var(--rd-text-sm); font-weight: 600; }
.all:hover { background: var(--rd-hover); }
.all:focus-visible, .row:focus-visible { outline-offset: -3px; border-radius: var(--rd-radius); }

/* rows: space is reserved for the dot, so marking as read moves nothing */
.row { display: grid; grid-template-columns: 8px 34px minmax(0, 1fr) auto; gap: 2px 10px; align-items: start; inline-size: 100%;
  padding-block: 11px; padding-inline: 10px var(--rd-space-4); cursor: pointer; transition: background var(--rd-quick); }
li + li > .row { box-shadow: inset 0 1px var(--rd-border); }
.part { padding-block: var(--rd-space-2) 6px; padding-inline: 28px var(--rd-space-4); }
.part h3 { color: var(--rd-text-muted); font-size: var(--rd-text-sm); }
.row:hover { background: var(--rd-hover); }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin: 0; padding-block: 0 12px; padding-inline: 72px var(--rd-space-4); }
.button { display: inline-flex; align-items: center; min-block-size: 36px; padding: 4px 12px; border: 1px solid var(--rd-border-strong); border-radius: var(--rd-radius); color: var(--rd-text); font-size: var(--rd-text-sm); text-decoration: none; overflow-wrap: anywhere; white-space: pre-wrap; }
.button:hover { background: var(--rd-hover); }
@media (pointer: coarse) { .button { min-block-size: 44px; } }
.dot { margin-block-start: 13px; inline-size: 8px; block-size: 8px; border-radius: 50%; background: var(--rd-accent); transition: opacity var(--rd-calm); }
[data-unread="false"] > .dot { opacity: 0; }
.row:not(:has(.body)) { align-items: center; }
.row:not(:has(.body)) > * { margin-block: 0; padding-block: 0; }
.glyph { display: grid; place-items: center; inline-size: 34px; block-size: 34px; border-radius: 50%; background: var(--rd-hover); color: var(--rd-text-muted); }
.row:hover .glyph { background: var(--rd-raised); }
.glyph:has(.kind) { position: relative; color: var(--rd-text); font-size: var(--rd-text-xs); font-weight: 650; }
.rd-picture { inline-size: 34px; block-size: 34px; border-radius: 50%; object-fit: cover; }
.kind { position: absolute; inset-block-end: -4px; inset-inline-end: -4px; display: grid; place-items: center; inline-size: 18px; block-size: 18px; border-radius: 50%; background: var(--rd-raised); color: var(--rd-text-muted); }
.glyph .icon { inline-size: 18px; block-size: 18px; }
.glyph .kind .icon { inline-size: 12px; block-size: 12px; }
[data-level="success"] { color: var(--rd-success); }
[data-level="warning"] { color: var(--rd-warning); }
[data-level="critical"] { color: var(--rd-critical); }
.level { font-weight: 650; }
.trial { padding: 0 0.4em; border: 1px solid currentColor; border-radius: 4px; color: var(--rd-text); font-size: 0.85em; font-weight: 600; white-space: nowrap; }
.text { display: grid; gap: 3px; min-inline-size: 0; }
.title, .body, .words > * { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere; }
.title { color: var(--rd-text-muted); }
[data-unread="true"] .title { color: var(--rd-text); font-weight: 600; }
.body { color: var(--rd-text-muted); font-size: var(--rd-text-sm); }
[aria-expanded="true"] :is(.title, .body) { display: block; white-space: pre-line; }
.row time { min-inline-size: 3.5em; padding-block-start: 1px; color: var(--rd-text-muted); font-size: var(--rd-text-xs); text-align: end; white-space: nowrap;
  font-variant-numeric: tabular-nums; }

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

/* toasts */
.toasts { position: fixed; inset: auto; inset-block-end: var(--rd-space-4); inset-inline-end: var(--rd-space-4); margin: 0; padding: 0; border: 0; overflow: visible; background: none; color: inherit;
  inline-size: min(380px, calc(100vw - 2 * var(--rd-space-4))); font: inherit; }
.stack { display: grid; gap: var(--rd-space-2); }
.toast { display: grid; grid-template-columns: 34px minmax(0, 1fr) 32px; gap: var(--rd-space-3); padding: var(--rd-space-3); border: 1px solid var(--rd-border);
  border-radius: var(--rd-radius-large); background: var(--rd-raised); color: var(--rd-text); box-shadow: var(--rd-shadow); animation: arrive var(--rd-calm) var(--rd-ease); }
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
  .head { flex-wrap: wrap; }
  .sheet { inline-size: 100%; block-size: min(85dvh, 720px); border-width: 1px 0 0; border-radius: var(--rd-radius-large) var(--rd-radius-large) 0 0;
    padding-block-end: env(safe-area-inset-bottom); touch-action: auto; }
  .panel:popover-open .sheet { animation: rise var(--rd-calm) var(--rd-ease); }
  .toasts { inset-inline: var(--rd-space-3); inset-block-end: calc(var(--rd-space-3) + env(safe-area-inset-bottom)); inline-size: auto; }
  .quiet, .button, .undo { min-block-size: 44px; }
  .shut { display: grid; }
  .close { inline-size: 44px; block-size: 44px; margin-block: -6px; margin-inline-end: -6px; }
}
/* high contrast, as in styles.js */
@media (forced-colors: active) {
  .dot { forced-color-adjust: none; background: Highlight; color: HighlightText; }
  li + li > .row { box-shadow: none; border-block-start: 1px solid; }
  .glyph, .emblem, .bone span { border: 1px solid; }
  .notice[data-failed="true"] { border-inline-start: 4px solid Highlight; }
}
@keyframes fade { from { background-color: transparent; } }
@keyframes rise { from { transform: translateY(40px); opacity: 0; } }
`);
