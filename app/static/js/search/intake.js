// How photos come in: chosen, taken, dropped, pasted.

import { announce, el, icon } from "../dom.js";

/**
 * The two buttons.
 * @param {(files: File[]) => void} take
 * @param {string} [words] what the first one says
 * @returns {HTMLElement[]}
 */
export function intake(take, words = "Choose photos") {
  return [
    picker("photo", "image", words, { multiple: true }, take),
    picker("camera", "camera", "Take a photo", { capture: "environment" }, take),
  ];
}

/**
 * Take what is dropped or pasted anywhere while `section` is shown.
 * @param {HTMLElement} section
 * @param {(files: File[]) => void} take
 */
export function listen(section, take) {
  const taken = (transfer, event) => {
    if (section.hidden || event.defaultPrevented) return;
    const files = [...(transfer?.files ?? [])];
    if (files.length > 0) {
      event.preventDefault();
      take(files);
    } else if (event.type === "drop") {
      event.preventDefault();
      announce("That is no file. Save the picture first, then drop it.");
    }
  };
  const over = (event, is) => {
    if (section.hidden) return;
    event.preventDefault();
    document.body.classList.toggle("dropping", is);
  };
  addEventListener("paste", (event) => taken(event.clipboardData, event));
  addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    taken(event.dataTransfer, event);
  });
  addEventListener("dragover", (event) => over(event, true));
  addEventListener("dragleave", (event) => event.relatedTarget === null && over(event, false));
}

function picker(id, picture, words, props, take) {
  const field = el("input", { id, type: "file", accept: "image/*", class: "unseen", "data-focus": id, ...props });
  field.addEventListener("change", () => {
    if (field.files.length > 0) take([...field.files]);
    field.value = ""; // so that the same photo can be chosen again
  });
  return el("span", { class: `intake ${id}` }, field, el("label", { for: id, class: id === "photo" ? "button main" : "button" }, icon(picture), words));
}
