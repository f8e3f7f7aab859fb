/** The browser's tab: a count before the title, and on the icon. */
import { allowed } from "../../inbox/shared/allowed.js";

const SIZE = 64; // pixels; tabs scale it to 16 or 32

/** The title written last, and its parts: a page's own title may begin with "(3) " too. */
let written = { title: "", prefix: "", bare: "" };

/** Write "(3) " before the page's title. @param {string} label "" for none */
export function markTitle(label) {
  const prefix = label ? `(${label}) ` : "";
  const bare = bareTitle();
  if (document.title !== prefix + bare) document.title = prefix + bare;
  written = { title: document.title, prefix, bare }; // read back: the browser strips spaces
}

/** The page's own title. A page may derive a new one from the current: "(3) Inbox" becomes "(3) Inbox *". */
function bareTitle() {
  const { title } = document;
  if (title === written.title) return written.bare;
  const derived = written.bare && title.startsWith(written.prefix) && title.includes(written.bare);
  return derived ? title.slice(written.prefix.length) : title;
}

/** The site's icon with a count on it. Needs `img-src data:` where a Content-Security-Policy limits images. */
export class Favicon {
  /** @type {HTMLLinkElement[]} */ #originals = [];
  #link = Object.assign(document.createElement("link"), { rel: "icon", type: "image/png" });
  #label = "";

  /** @param {string} label "" for none @param {string} color CSS colour of the dot */
  async mark(label, color) {
    if (label === this.#label) return;
    this.#label = label;
    if (!label) return this.#restore();
    const href = await draw(this.#source(), label, color);
    if (label !== this.#label || href === null) return;
    this.#link.href = href;
    this.#link.dataset.count = label;
    this.#replace();
  }

  #source() {
    const links = document.querySelectorAll("link[rel~=icon]:not([data-count])");
    return /** @type {HTMLLinkElement} */ (links[0] ?? this.#originals[0])?.href ?? "/favicon.ico";
  }

  /** Browsers choose among several icons, so this must be the only one. */
  #replace() {
    const links = [...document.querySelectorAll("link[rel~=icon]:not([data-count])")];
    if (links.length) this.#originals = /** @type {HTMLLinkElement[]} */ (links);
    links.forEach((link) => link.remove());
    document.head.append(this.#link);
  }

  #restore() {
    this.#link.remove();
    document.head.append(...this.#originals);
  }
}

/** @param {string} source @param {string} label @param {string} color @returns {Promise<string|null>} a data: URL, or null */
async function draw(source, label, color) {
  const image = await load(source);
  // A canvas with an icon of another origin can't be read (in a frame without an origin, with any icon); perhaps none can.
  return allowed(() => drawOn(image, label, color)) ?? allowed(() => drawOn(null, label, color));
}

/** @param {HTMLImageElement|null} image @param {string} label @param {string} color */
function drawOn(image, label, color) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  if (image) context.drawImage(image, 0, 0, SIZE, SIZE);
  drawCount(context, label, color);
  return canvas.toDataURL("image/png");
}

function drawCount(context, label, color) {
  const [radius, center] = [21, SIZE - 22];
  context.globalCompositeOperation = "destination-out"; // a transparent gap, for icons of any colour
  disc(context, center, radius + 6);
  context.globalCompositeOperation = "source-over";
  context.fillStyle = color;
  disc(context, center, radius);
  context.fillStyle = "#fff";
  context.font = `700 ${label.length > 2 ? 22 : 30}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(label, center, SIZE - center + 2, 2 * radius - 4);
}

function disc(context, center, radius) {
  context.beginPath();
  context.arc(center, SIZE - center, radius, 0, 2 * Math.PI);
  context.fill();
}

/** @param {string} source @returns {Promise<HTMLImageElement|null>} null: no such icon */
async function load(source) {
  const image = new Image(SIZE, SIZE);
  image.src = source;
  return image.decode().then(() => image, () => null);
}
