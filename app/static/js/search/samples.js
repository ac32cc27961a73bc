// Photos to try: those of the service, else some of the catalogue's own.

import { link } from "../address.js";
import { json } from "../api.js";
import { el } from "../dom.js";
import { showPicture } from "../picture.js";

const MOST = 12;
const GROUPS = 6;

/**
 * @returns {Promise<HTMLElement|null>} null where there is nothing to show
 */
export async function samples() {
  const { samples: own } = await json("samples");
  if (own.length > 0) {
    const shown = own.slice(0, MOST).map(({ name, image_url }, place) => sample("sample", name, image_url, `Sample photo ${place + 1}`));
    return row("Or try one of these", "", shown);
  }
  const products = await someProducts();
  const shown = products.map((own) => sample("image", own.images[0], own.image_url, own.title ?? own.product_id));
  return shown.length > 0 ? row("Or try one of the catalogue", "These photos are in the catalogue already, so each finds itself.", shown) : null;
}

// a few of each of the first categories
async function someProducts() {
  const { categories } = await json("info");
  const groups = [...new Set(categories.map(({ category }) => category.meta).filter(Boolean))].slice(0, GROUPS);
  const asked = groups.length > 0 ? groups.map((meta) => ({ category: `meta:${meta}`, limit: MOST / GROUPS })) : [{ limit: MOST }];
  const pages = await Promise.all(asked.map((params) => json(`products?${new URLSearchParams(params)}`)));
  return pages.flatMap(({ products }) => products).filter((own) => own.image_url).slice(0, MOST);
}

function sample(kind, id, url, words) {
  const image = el("img", { alt: words, width: 96, height: 96, decoding: "async", onerror: () => image.closest("li").remove() });
  showPicture(image, url);
  return el("li", {}, el("a", { class: "picture", href: link("search", { [kind]: id }) }, image));
}

function row(title, note, shown) {
  return el("section", { class: "samples", "aria-label": "Photos to try" },
    el("h2", {}, title), note && el("p", { class: "muted small" }, note), el("ul", {}, shown));
}
