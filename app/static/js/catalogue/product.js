// One product: its photos, what is known of it, what looks like it.

import { link } from "../address.js";
import { json, productPath } from "../api.js";
import { filterOf, pathWords } from "../category.js";
import { el, icon, outside } from "../dom.js";
import { list } from "../list.js";
import { picture } from "../picture.js";
import { editing } from "./edit.js";
import { tile } from "./grid.js";

const FEW = 6;

/**
 * A product.
 * @param {object} product as changes.product gives it
 * @param {object} info the answer of /info
 * @param {{changed: (revision: number) => void, show: (id: string) => void}} then what a change leads to
 * @returns {HTMLElement}
 */
export function productView(product, info, then) {
  const writes = info.writable ? editing(product, info, then) : { photo: () => null, actions: [], below: [] };
  return el("article", { class: "one" },
    el("h2", { tabindex: "-1" }, product.title ?? product.product_id),
    el("div", { class: "apart" },
      gallery(product, writes),
      el("div", { class: "facts" }, facts(product), el("div", { class: "row" }, similarButton(product), writes.actions), writes.below)),
    el("div", { class: "similar" }));
}

/** The first few photos, and the others for who asks. */
function gallery(product, writes) {
  const all = product.images.map((own, at) => photo(product, own, at, writes));
  const shown = el("ul", { class: "photos", "aria-label": "Photos" }, all.slice(0, FEW));
  const rest = el("button", { type: "button" }, `Show all ${all.length} photos`);
  rest.addEventListener("click", () => {
    shown.append(...all.slice(FEW));
    rest.remove();
    all[FEW].querySelector("a, button")?.focus();
  });
  return el("div", { class: "gallery" }, shown, all.length > FEW && rest);
}

function photo(product, { image_id: id, image_url: url }, at, writes) {
  // the name of a photo stays when another takes its place: the ETag tells the browser's cache of it
  const version = encodeURIComponent(product.etag.replaceAll('"', ""));
  const title = product.title ?? product.product_id;
  return el("li", {}, picture(url && `${url}?${version}`, `${title}, photo ${at + 1} of ${product.images.length}`),
    el("div", { class: "under" }, el("span", { class: "muted small name" }, id),
      url && el("a", { class: "small", href: link("search", { image: id }), "aria-label": `Search with photo ${at + 1}` }, "Search with it"),
      writes.photo(id, at)));
}

function facts(product) {
  const path = pathWords(product.category);
  const filter = filterOf(product.category);
  return list([
    ["Product id", el("code", {}, product.product_id)],
    path && ["Category", el("a", { href: link("catalogue", { category: filter }) }, path)],
    product.url && ["Web address", outside(product.url, product.url) ?? product.url],
    ["Photos", product.images.length || "none: it cannot be found by a photo"],
    ["Version", el("code", {}, product.etag.replaceAll('"', "").slice(0, 12)), ` in revision ${product.revision}`],
  ]);
}

function similarButton(product) {
  if (!product.images.length) return null;
  return el("button", { type: "button", onclick: (event) => showSimilar(product, event.currentTarget) }, "Find similar");
}

async function showSimilar(product, button) {
  const place = button.closest(".one").querySelector(".similar");
  button.disabled = true;
  try {
    const { results } = await json(`${productPath(product.product_id)}/similar?limit=12`);
    const tiles = results.map((own) => tile(own, [own.product_id]));
    place.replaceChildren(el("h3", { tabindex: "-1" }, "Looks like it"),
      tiles.length ? el("ul", { class: "tiles", "aria-label": "Similar products" }, tiles) : "Nothing else is here.");
    place.firstChild.focus();
  } catch (error) {
    place.replaceChildren(el("p", { role: "alert" }, icon("warning"), `${error.title}. Try again.`));
  } finally {
    button.disabled = false;
  }
}
