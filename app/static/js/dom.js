// Elements, icons and what a screen reader is told.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  close: "M6 6l12 12M18 6L6 18",
  crop: "M6 2v16h16M2 6h16v16",
  code: "M8 7l-5 5 5 5M16 7l5 5-5 5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  larger: "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  retry: "M19 8a8 8 0 1 0 1 5M19 3v5h-5",
  smaller: "M13 4v7h7M20 4l-7 7M11 20v-7H4M4 20l7-7",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
};

/**
 * An element. A function among `props` becomes a listener; null, undefined and false leave a property or child out.
 * @param {string} tag
 * @param {Object<string, unknown>} [props]
 * @param {...(Node|string|null|undefined|false|Array)} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
    else if (given(value)) node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter(given));
  return node;
}

/**
 * A line icon, one of the names above; for the eye alone, so say the same in words beside it.
 * @param {keyof typeof ICONS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  return shape("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, shape("path", { d: ICONS[name] }));
}

/**
 * An element of a drawing.
 * @param {string} tag
 * @param {Object<string, string>} props
 * @param {...SVGElement} children
 * @returns {SVGElement}
 */
export function shape(tag, props, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/**
 * A link to another site, where the address is one of the web: a catalogue may say anything.
 * @param {string|null} url
 * @param {...(Node|string)} children
 * @returns {HTMLElement|null}
 */
export function outside(url, ...children) {
  const safe = /^https?:\/\//i.test(url) && URL.canParse(url);
  return safe ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children) : null;
}

/**
 * Show a dialog above all else until it is closed; then it is gone.
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<string>} what it was closed with
 */
export function shown(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue);
    }, { once: true });
  });
}

/**
 * Tell a screen reader what happened.
 * @param {string} text
 */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

function given(value) {
  return value !== null && value !== undefined && value !== false;
}
