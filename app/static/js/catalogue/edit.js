// Changing a product: every change says which state of it is meant (If-Match), so that nobody's work is overwritten.

import { go } from "../address.js";
import { announce, el, icon } from "../dom.js";
import { counted } from "../words.js";
import { addPhotos, edit, remove, removePhoto } from "./changes.js";
import { confirmed } from "./confirm.js";
import { fields } from "./fields.js";
import { attempt, form } from "./form.js";
import { picker } from "./picker.js";

/**
 * What stands in a product's view so that it can be changed.
 * @param {object} product as changes.product gives it
 * @param {object} info the answer of /info
 * @param {{changed: (revision: number) => void, show: (id: string) => void}} then
 * @returns {{photo: (id: string, at: number) => Node, actions: Node[], below: Node[]}}
 */
export function editing(product, info, then) {
  const { product_id: id, etag } = product;
  const said = el("div", { class: "refused" });
  const place = el("div", { class: "place" });
  const done = (words) => (change) => {
    then.changed(change.revision);
    announce(words);
    if (change.etag) then.show(id);
    else go("catalogue");
  };
  const again = () => then.show(id);
  const open = (make) => () => {
    said.replaceChildren();
    place.replaceChildren(make({ product, info, close: () => place.replaceChildren(), done, again }));
    place.querySelector("input").focus();
    // a field for files is not where it seems to be: what has the focus alone would leave its form below the window
    place.scrollIntoView({ block: "nearest" });
  };
  const drop = (photo, at) => async (event) => {
    const button = event.currentTarget;
    const last = product.images.length === 1;
    const text = `${photo} is no photo of this product any more, and ${last ? "it was the last one: the product cannot be found by a photo then." : "it is not found by it."}`;
    if (!(await confirmed(`Remove photo ${at + 1}?`, text, "Remove photo"))) return;
    await attempt(button, said, () => removePhoto(id, photo, etag).then(done("Photo removed")), again);
  };
  const dropAll = async (event) => {
    const button = event.currentTarget;
    const own = product.images.length;
    const text = `It is not found any more${own ? `, and its ${counted(own, "photo")} with it` : ""}. A new index does not bring it back.`;
    if (!(await confirmed(`Remove ${product.title ?? id}?`, text, "Remove product"))) return;
    await attempt(button, said, () => remove(id, etag).then(done(`${id} removed`)), again);
  };
  return {
    photo: (photo, at) =>
      el("button", { type: "button", class: "quiet small", "aria-label": `Remove photo ${at + 1}`, onclick: drop(photo, at) }, icon("trash")),
    actions: [
      el("button", { type: "button", onclick: open(editForm) }, "Edit"),
      el("button", { type: "button", onclick: open(photoForm) }, "Add photos"),
      el("button", { type: "button", class: "danger-text", onclick: dropAll }, "Remove product"),
    ],
    below: [said, place],
  };
}

function editForm({ product, info, close, done, again }) {
  const known = fields(info.categories, product);
  const before = known.values();
  async function send() {
    const values = known.values();
    const changes = Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== before[name]));
    if (Object.keys(changes).length === 0) return close();
    return done("Saved")(await edit(product.product_id, changes, product.etag));
  }
  return form({ verb: "Save", send, cancel: close, again }, el("h3", {}, "Edit"), known.element);
}

function photoForm({ product, info, close, done, again }) {
  const chosen = picker(info.limits);
  async function send() {
    if (!chosen.given()) return;
    done("Photos added")(await addPhotos(product, chosen.files()));
  }
  return form({ verb: "Add photos", send, cancel: close, again }, el("h3", {}, "Add photos"), chosen.element);
}
