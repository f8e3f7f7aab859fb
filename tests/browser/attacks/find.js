/* The elements of this document that only an attack makes, also in templates and shadow roots. */
() => {
  const ADDRESSES = ["href", "src", "action", "formaction", "data", "xlink:href", "srcset", "poster", "background", "values"];
  const HIDING = ["trustedTypes", "reddotDefaultPolicy", "gettext", "reddot", "body", "cookie", "customElements",
    "getElementById", "currentScript", "location", "csrfmiddlewaretoken"];
  const TAGS = "base, object, embed, math, xss, meta[http-equiv=refresh i], style:not([data-ours]), link:not([rel*=icon], [href^='/'])";
  const IN_SVG = "svg :is(script, a, animate, set, image, foreignObject)";
  const found = [];

  const isForeign = (element, name, value) => {
    if (name === "srcdoc" || name.startsWith("on")) return true;
    if (name === "style") return /fixed|url\(/.test(value);
    if (["id", "name"].includes(name) && !element.matches("input, textarea") && HIDING.includes(value)) return true;
    if (["id", "name", "class", "src", "href"].includes(name) && value.startsWith("xss")) return true;
    return ADDRESSES.includes(name) && value.trim() !== "" && !mayLead(element, value);
  };

  /* Links may lead to the web; everything else is of this site. */
  const mayLead = (element, value) => {
    if (!URL.canParse(value, document.baseURI) || element.matches("link[rel*=icon]")) return true;
    const { protocol, origin } = new URL(value, document.baseURI);
    if (element.matches("a:not(svg a)")) return ["http:", "https:", "mailto:"].includes(protocol);
    return ["http:", "https:"].includes(protocol) && origin === location.origin;
  };

  const look = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const isAttack = element.matches(TAGS) || element.matches(IN_SVG)
        || [...element.attributes].some(({ name, value }) => isForeign(element, name.toLowerCase(), value));
      if (isAttack) found.push(element.cloneNode(false).outerHTML.slice(0, 300));
      if (element.shadowRoot) look(element.shadowRoot);
      if (element instanceof HTMLTemplateElement) look(element.content);
    }
  };
  look(document);
  return found;
}
