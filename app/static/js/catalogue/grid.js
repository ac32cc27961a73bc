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
      picture(product.image_url), el("span", { class: "title" }, title), below.map((line) => el("span", { class: "muted small" }, line))));
}

/**
 * The products of a category: the first page is asked for at once, others by a button.
 * @param {string} category a filter, "" for all
 * @param {number} revision what the catalogue must have reached
 * @returns {Promise<HTMLElement>}
 */
export async function grid(category, revision) {
  const list = el("ul", { class: "tiles", "aria-label": "Products" });
  const more = el("button", { type: "button" }, "Show more");
  const said = el("p", { class: "muted small" });
  const whole = el("div", { class: "grid" }, list, said, more);
  let after = "";
  async function page() {
    more.disabled = true;
    const answer = await products(category, revision, after).finally(() => (more.disabled = false));
    list.append(...answer.products.map(listed));
    after = answer.next ?? "";
    more.hidden = !after;
    said.textContent = after ? `${counted(list.children.length, "product")} shown, there are more` : counted(list.children.length, "product");
    announce(said.textContent);
    return answer.products.length;
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

function products(category, revision, after) {
  const asked = new URLSearchParams({ limit: PAGE, min_revision: revision });
  if (category) asked.set("category", category);
  if (after) asked.set("after", after);
  return json(`products?${asked}`);
}

function listed(product) {
  return tile(product, [product.product_id, counted(product.images.length, "photo")]);
}
