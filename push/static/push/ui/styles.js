/**
 * The bell's style sheet; colours and sizes are the tokens of inbox/tokens.css. It is a constructed sheet: it applies before the
 * first paint, is shared by all bells, and needs no 'unsafe-inline' in a Content-Security-Policy. The panel's and the toasts' is
 * in overlay-styles.js.
 */
export const styles = new CSSStyleSheet();

styles.replaceSync(/* css */ `
*, ::before, ::after { box-sizing: border-box; }
:host { position: relative; flex: none; font: var(--rd-text-base) / var(--rd-leading-tight) var(--rd-font); color: var(--rd-text);
  letter-spacing: normal; text-align: start; }
:host([hidden]), [hidden] { display: none !important; }
button, a { font: inherit; color: inherit; text-align: start; text-decoration: none; -webkit-tap-highlight-color: transparent; }
button { border: 0; background: none; padding: 0; cursor: pointer; }
h2, h3, p, ul { margin: 0; padding: 0; list-style: none; font: inherit; }
:focus-visible { outline: 2px solid var(--rd-focus); outline-offset: 2px; }
.icon { display: block; inline-size: 20px; block-size: 20px; }
.sr { position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

/* bell: the badge starts at the button's middle and grows outwards, so nothing moves when the number changes */
.bell { position: relative; display: grid; place-items: center; inline-size: var(--rd-target); block-size: var(--rd-target);
  border-radius: var(--rd-radius-pill); color: var(--rd-text-muted); transition: background var(--rd-quick), color var(--rd-quick); }
.bell:hover, .bell[aria-expanded="true"], :host(:has(.panel:popover-open)) .bell { background: var(--rd-hover); color: var(--rd-text); }
.badge { position: absolute; inset-block-end: 52%; inset-inline-start: 53%; min-inline-size: 18px; block-size: 18px; padding-inline: 4px;
  border-radius: var(--rd-radius-pill); background: var(--rd-accent); color: var(--rd-on-accent); box-shadow: 0 0 0 2px var(--rd-surface);
  font-size: 11px; font-weight: 700; line-height: 18px; text-align: center; font-variant-numeric: tabular-nums; }
.badge:empty { visibility: hidden; }
/* an outage, or what was not saved: a sign at the bell's foot, since a colour alone tells nothing */
.mark { position: absolute; inset-block-start: 54%; inset-inline-start: 53%; display: none; padding: 3px; border-radius: var(--rd-radius-pill);
  background: var(--rd-text); color: var(--rd-surface); box-shadow: 0 0 0 2px var(--rd-surface); }
.mark .icon { inline-size: 12px; block-size: 12px; stroke-width: 2.5; }
:host([data-trouble]) .mark { display: block; }
:host([data-trouble]) .badge { background: var(--rd-text-muted); color: var(--rd-surface); }

.why { position: absolute; inset-block-start: calc(100% + 8px); inset-inline-end: 0; inline-size: min(300px, 90vw); padding: var(--rd-space-3); border: 1px solid var(--rd-border);
  border-radius: var(--rd-radius); background: var(--rd-raised); box-shadow: var(--rd-shadow); z-index: 1; }

@media (prefers-reduced-motion: reduce) { *, ::before, ::after { animation: none !important; transition: none !important; } }
/* high contrast: the user's own backgrounds and colours, so lines and weight replace ours */
@media (forced-colors: active) {
  .badge { forced-color-adjust: none; background: Highlight; color: HighlightText; box-shadow: 0 0 0 2px Canvas; }
  :host([data-trouble]) .badge { background: GrayText; color: Canvas; }
  .mark { forced-color-adjust: none; background: CanvasText; color: Canvas; }
}
`);
