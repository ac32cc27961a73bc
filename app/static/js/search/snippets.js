// The same question for a terminal and for a Python program.

import { address, productPath } from "../api.js";
import { announce, el, icon, shown } from "../dom.js";
import { key } from "../key.js";
import { parameters, photoPath } from "./queries.js";

const WORDS = "Ask the same from your program";

/**
 * A button that shows them, in a dialog: the side is too narrow for lines of code.
 * @param {import("./queries.js").Query} query
 * @returns {HTMLElement}
 */
export function snippets(query) {
  const dialog = () => el("dialog", { class: "snippets", "aria-labelledby": "snippets-title" },
    el("div", { class: "row" }, el("h2", { id: "snippets-title" }, WORDS),
      el("button", { type: "button", class: "quiet small", onclick: (event) => event.target.closest("dialog").close() }, icon("close"), "Close")),
    snippet("curl", curl(query)), snippet("Python", python(query)));
  return el("button", { type: "button", class: "quiet small", "data-focus": "snippets", onclick: () => shown(dialog()).then(back) }, icon("code"), WORDS);
}

// where the next of several photos was answered meanwhile, the button is another one than that which was clicked
function back() {
  document.querySelector("[data-focus=snippets]")?.focus();
}

/**
 * A button that copies the address of what is shown.
 * @returns {HTMLElement}
 */
export function copyLink() {
  return copier("link", "Copy link", () => location.href);
}

/** @returns {string} */
export function curl(query) {
  const params = parameters(query, query.limit);
  const header = key() ? `-H "Authorization: Bearer $KEY" ` : "";
  if (query.kind === "product") return `curl ${header}${quoted(`${server()}/${productPath(query.id)}/similar?${params}`)}`;
  const name = fileName(query).replace(/["\\]/g, "\\$&");
  return `${source(query)}curl ${header}-F ${quoted(`image=@"${name}"`)} \\\n  ${quoted(`${server()}/search?${params}`)}`;
}

/** @returns {string} */
export function python(query) {
  const [name, first] = query.kind === "product" ? ["similar", query.id] : ["search", fileName(query)];
  const filters = query.categories.length > 0 ? [`category=[${query.categories.map(literal).join(", ")}]`] : [];
  const box = query.box ? [`box=(${query.box.join(", ")})`] : [];
  const words = [literal(first), `limit=${query.limit}`, ...filters, ...box];
  return [
    ...(key() ? ["import os", ""] : []),
    "from twinshot.client import Client",
    "",
    `${source(query)}with Client(${literal(server())}${key() ? ', key=os.environ["KEY"]' : ""}) as shop:`,
    `    for result in shop.${name}(${words.join(", ")}).results:`,
    "        print(result.rank, result.product_id, result.score, result.title)",
  ].join("\n");
}

// where the photo comes from, if it is none of the visitor's own
function source(query) {
  const path = photoPath(query);
  return path ? `# the photo: ${server()}/${path}\n` : "";
}

function fileName({ kind, id, name }) {
  if (kind === "sample") return id;
  return kind === "image" ? `${id.split("/").at(-1)}.webp` : name;
}

function server() {
  return address("").replace(/\/$/, "");
}

function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

// a string of JSON is one of Python
function literal(text) {
  return JSON.stringify(text);
}

function snippet(name, text) {
  return el("figure", {},
    el("figcaption", { class: "row" }, el("b", {}, name), copier("copy", `Copy ${name}`, () => text)),
    el("pre", {}, el("code", {}, text)));
}

function copier(picture, words, text) {
  const said = el("span", {}, words);
  const copy = async (event) => {
    const done = await copied(text(), event.currentTarget);
    said.textContent = done ? "Copied" : "Copy by hand";
    announce(said.textContent);
    setTimeout(() => (said.textContent = words), 2000);
  };
  return el("button", { type: "button", class: "quiet small", onclick: copy }, icon(picture), said);
}

// without https a browser has no clipboard for pages, so what is to be copied is selected: beside the button, since all
// outside an open dialog cannot be
async function copied(text, button) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const field = el("textarea", {}, text);
  button.after(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  button.focus();
  return done;
}
