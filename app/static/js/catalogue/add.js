// A new product.

import { go } from "../address.js";
import { announce, el } from "../dom.js";
import { counted } from "../words.js";
import { exists, put } from "./changes.js";
import { confirmed } from "./confirm.js";
import { fields, labelled } from "./fields.js";
import { form } from "./form.js";
import { picker } from "./picker.js";

/**
 * The form for a new product.
 * @param {object} info the answer of /info
 * @param {(revision: number) => void} changed told when it is there
 * @returns {HTMLElement}
 */
export function addForm(info, changed) {
  const id = el("input", { id: "field-id", required: true, maxlength: 500, autocomplete: "off", spellcheck: "false" });
  const known = fields(info.categories);
  const chosen = picker(info.limits);
  async function send() {
    const name = id.value.trim();
    if ((await exists(name)) && !(await mayReplace(name))) return;
    const change = await put(name, set(known.values()), chosen.files());
    announce(`${name} is in the catalogue, with ${counted(change.images.length, "photo")}`);
    changed(change.revision);
    go("catalogue", { product: name });
  }
  return el("div", { class: "one" }, el("h2", { tabindex: "-1" }, "Add a product"),
    form({ verb: "Add product", send, cancel: () => go("catalogue") },
      labelled("Product id", id, "As your shop names it. Searches answer with it."),
      known.element,
      el("div", { class: "field" }, el("p", { class: "label" }, "Photos"), chosen.element,
        el("p", { class: "muted small" }, "The product is found by them: best are several, from different sides."))));
}

function mayReplace(id) {
  return confirmed(`Replace ${id}?`, "There is a product of this id. What is known of it and all its photos would be replaced.", "Replace");
}

/** What is empty is left out: unknown. */
function set(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
