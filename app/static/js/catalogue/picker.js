// Photos for a product: chosen or dropped, each with a preview.

import { announce, el, icon } from "../dom.js";
import { showFile } from "../picture.js";
import { counted, size } from "../words.js";

/**
 * A place to choose photos.
 * @param {{photo_bytes: number}} limits of /info
 * @returns {{element: HTMLElement, files: () => File[], given: () => boolean}} given: whether there are any; where not, it says so
 */
export function picker(limits) {
  const chosen = new Map(); // file to its preview
  const list = el("ul", { class: "previews", "aria-label": "Chosen photos" });
  const said = el("p", { id: "field-photos-said", class: "small wrong", role: "alert" });
  const input = el("input", { id: "field-photos", type: "file", accept: "image/*", multiple: true, class: "unseen", "aria-describedby": said.id });
  const zone = el("label", { class: "zone", for: "field-photos" }, icon("image"), el("span", {}, "Choose photos", el("span", { class: "hint" }, ", or drop them here")));

  function add(files) {
    const refused = [...files].map((file) => wrong(file, chosen, limits)).filter(Boolean);
    for (const file of files) if (!wrong(file, chosen, limits)) show(file);
    said.textContent = refused.join(" ");
    announce(`${counted(chosen.size, "photo")} chosen`);
  }
  function show(file) {
    const image = el("img", { alt: file.name, onerror: () => image.replaceWith(icon("warning")) });
    showFile(image, file);
    const preview = el("li", {}, el("span", { class: "picture" }, image),
      el("button", { type: "button", class: "take-away", "aria-label": `Leave out ${file.name}`, onclick: () => leaveOut(file) }, icon("close")));
    chosen.set(file, preview);
    list.append(preview);
  }
  function leaveOut(file) {
    chosen.get(file).remove();
    chosen.delete(file);
    input.focus();
  }
  function given() {
    if (chosen.size > 0) return true;
    said.textContent = "Choose a photo first.";
    input.focus();
    return false;
  }
  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });
  const hover = (on) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", on);
  };
  zone.addEventListener("dragover", hover(true));
  zone.addEventListener("dragleave", hover(false));
  zone.addEventListener("drop", (event) => {
    hover(false)(event);
    add(event.dataTransfer.files);
  });
  return { element: el("div", { class: "picker" }, input, zone, list, said), files: () => [...chosen.keys()], given };
}

function wrong(file, chosen, limits) {
  if (file.type && !file.type.startsWith("image/")) return `${file.name} is not a photo.`;
  if (file.size > limits.photo_bytes) return `${file.name} is larger than ${size(limits.photo_bytes)}.`;
  const same = [...chosen.keys()].some((own) => own.name === file.name && own.size === file.size);
  return same ? `${file.name} is there already.` : null;
}
