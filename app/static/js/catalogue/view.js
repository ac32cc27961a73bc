// The catalogue: its categories, its products, one of them; with the write key they change.

import { go, link } from "../address.js";
import { json } from "../api.js";
import { filterOf, nameOf } from "../category.js";
import { el } from "../dom.js";
import { counted } from "../words.js";
import { addForm } from "./add.js";
import { product } from "./changes.js";
import { finder, isThere } from "./find.js";
import { grid } from "./grid.js";
import { productView } from "./product.js";
import { refusal } from "./refusal.js";
import { tree } from "./tree.js";

const parts = {};
const WIDE = matchMedia("(min-width: 800px)");
let info = null;
let revision = 0; // what the catalogue must have reached: that of the last change made here
let listed = null; // the list that is in the grid, as the address has it
let turn = 0;

/**
 * @param {HTMLElement} section
 * @param {import("../address.js").State} state
 */
export function mount(section, state) {
  parts.count = el("p", { class: "muted" });
  parts.finder = finder();
  parts.tools = el("div", { class: "row" });
  parts.side = el("details", { class: "side" });
  parts.summary = el("summary", {}, "Categories");
  parts.list = el("div", {});
  parts.one = el("div", { hidden: true });
  parts.side.append(parts.summary);
  section.append(
    el("header", { class: "head" }, el("div", {}, el("h1", {}, "Catalogue"), parts.count), parts.tools),
    el("div", { class: "shelves" }, parts.side, el("div", { class: "shelf" }, parts.list, parts.one)));
  WIDE.addEventListener("change", fit);
  fit();
  return update(state);
}

/** @param {import("../address.js").State} state */
export async function update({ params }) {
  const own = ++turn;
  const stale = () => own !== turn;
  // the form for a new product has a field of that name too
  if (params.has("add")) parts.finder.element.remove();
  else if (!parts.finder.element.isConnected) parts.tools.before(parts.finder.element);
  try {
    if (info === null) await load();
    if (stale()) return;
    const alone = params.has("add") || params.get("product");
    const wanted = listOf(params);
    if (!alone && isNew(wanted) && wanted.id && (await isThere(wanted.id, revision))) {
      if (!stale()) go("catalogue", { product: wanted.id }, { replace: true });
      return;
    }
    if (alone) await showOne(params, stale);
    else await showList(wanted, stale);
    if (stale()) return;
    parts.tools.hidden = params.has("add");
    parts.list.hidden = Boolean(alone);
    parts.one.hidden = !alone;
    if (alone) parts.one.querySelector("h2")?.focus();
    else parts.one.replaceChildren();
  } catch (error) {
    if (!stale()) failed(error, params);
  }
}

async function load() {
  info = await json("info");
  parts.count.textContent = `${counted(info.products, "product")} with ${counted(info.rows, "photo")}`;
  parts.tools.replaceChildren(...tools());
  parts.tree = tree(info.categories, (filter) => {
    if (!WIDE.matches) parts.side.open = false;
    go("catalogue", filter ? { category: filter } : {});
  });
  const captions = el("p", { class: "captions muted small", "aria-hidden": "true" }, el("span", {}, "Category"), el("span", {}, "Photos"));
  parts.side.replaceChildren(parts.summary, captions, parts.tree.element);
  parts.side.hidden = info.categories.length === 0;
}

function tools() {
  if (!info.writable) return [];
  return [el("a", { class: "button main", href: link("catalogue", { add: "" }) }, "Add a product")];
}

function listOf(params) {
  const name = ["id", "category"].find((own) => params.get(own));
  return name ? { [name]: params.get(name) } : {};
}

function isNew(wanted) {
  return listed === null || link("catalogue", listed) !== link("catalogue", wanted);
}

async function showList(wanted, stale) {
  parts.finder.show(wanted.id ?? "");
  parts.tree.mark(wanted.id ? null : wanted.category ?? "");
  if (!isNew(wanted)) return;
  const products = info.products || wanted.category ? await grid(wanted, revision) : empty();
  if (stale()) return;
  parts.list.replaceChildren(products, hint());
  listed = wanted;
}

async function showOne(params, stale) {
  // nobody wants back to a list of nothing
  const from = parts.list.querySelector(".tile") ? listed ?? {} : {};
  const back = el("a", { class: "back", href: link("catalogue", from) }, `‹ ${nameOfList(from)}`);
  if (params.has("add")) {
    parts.one.replaceChildren(back, info.writable ? addForm(info, changed) : hint());
    return;
  }
  const shown = await product(params.get("product"));
  if (stale()) return;
  parts.tree.mark(filterOf(shown.category));
  parts.one.replaceChildren(back, productView(shown, info, { changed, show: () => update({ params }) }));
}

function nameOfList({ id, category }) {
  if (id) return `Ids that begin with ${id}`;
  return category ? nameOf(category).replace(/.* › /, "") : "All products";
}

/** After a change the counts, the tree and the list are of the past. */
function changed(now) {
  revision = Math.max(revision, now);
  info = null;
  listed = null;
}

function empty() {
  return el("div", { class: "empty panel" }, el("h2", {}, "No products yet"),
    info.writable
      ? el("p", { class: "muted" }, "Add the first one: it is found from then on.")
      : el("p", { class: "muted" }, "Index a catalogue with ", el("code", {}, "twinshot index"), ", and it appears here."));
}

function hint() {
  if (info.writable) return "";
  return el("p", { class: "muted small off" }, "Products cannot be changed here. Whoever runs this service turns changes on by setting ",
    el("code", {}, "TWINSHOT_STATE"), " (a folder) and ", el("code", {}, "TWINSHOT_WRITE_KEY"), ".");
}

function failed(error, params) {
  const again = el("button", { type: "button", onclick: () => update({ params }) }, "Try again");
  const home = el("a", { class: "button", href: link("catalogue") }, "All products");
  parts.list.hidden = true;
  parts.one.hidden = false;
  parts.one.replaceChildren(refusal(error, again, home));
}

function fit() {
  parts.side.open = WIDE.matches;
}
