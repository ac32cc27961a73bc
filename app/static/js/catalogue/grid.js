// Products page by page, as tiles.

import { link } from "../address.js";
import { json } from "../api.js";
import { announce, el } from "../dom.js";
import { picture } from "../picture.js";
import { counted } from "../words.js";

const PAGE = 24;

/**
 * A product as a tile that leads to it.
 * @param {{product_id: string, title: string|null, category: object, image_url: string|null}} product
 * @param {string[]} below what stands under its title, a line each
 * @returns {HTMLLIElement}
 */
export function tile(product, below) {
  const title = product.title ?? product.product_id;
  return el("li", { class: "tile" },
    el("a", { href: link("catalogue", { product: product.product_id }) },
      picture(product.image_url), el("span", { class: "title clipped", title }, title), below.map((line) => el("span", { class: "muted small" }, line))));
}

/**
 * The products of a list: the first page is asked for at once, others by a button.
 * @param {{category?: string, id?: string}} wanted those of a category, or those whose ids begin with `id` and go on; all where neither is said
 * @param {number} revision what the catalogue must have reached
 * @returns {Promise<HTMLElement>}
 */
export async function grid(wanted, revision) {
  const list = el("ul", { class: "tiles", "aria-label": "Products" });
  const more = el("button", { type: "button" }, "Show more");
  const said = el("p", { class: "muted small" });
  const whole = el("div", { class: "grid" }, wanted.id && el("p", {}, "Ids that begin with ", el("code", {}, wanted.id)), list, said, more);
  let after = wanted.id;
  async function page() {
    more.disabled = true;
    const found = await products(wanted, revision, after).finally(() => (more.disabled = false));
    const shown = found.slice(0, PAGE);
    list.append(...shown.map(listed));
    after = shown.at(-1)?.product_id;
    more.hidden = found.length <= PAGE;
    said.textContent = words(list.children.length, !more.hidden, wanted.id);
    announce(said.textContent);
    if (list.children.length === 0) said.append(" ", el("a", { href: link("catalogue") }, "All products"));
  }
  more.addEventListener("click", async () => {
    const before = list.children.length;
    try {
      await page();
      list.children[before]?.querySelector("a").focus();
    } catch (error) {
      said.textContent = `${error.title}. Try again.`;
    }
  });
  await page();
  return whole;
}

// a page, and one more where there are more
async function products({ category, id = "" }, revision, after) {
  const asked = new URLSearchParams({ limit: PAGE + 1, min_revision: revision, ...(category && { category }), ...(after && { after }) });
  const { products: page } = await json(`products?${asked}`);
  // in the order of ids, those that begin with one follow it at once
  return page.filter((own) => own.product_id.startsWith(id));
}

function words(count, more, id) {
  if (id && count === 0) return "No product has this id, and none has one that begins with it. Upper and lower case are told apart.";
  return more ? `${counted(count, "product")} shown, there are more` : counted(count, "product");
}

function listed(product) {
  return tile(product, [product.product_id, counted(product.images.length, "photo")]);
}
