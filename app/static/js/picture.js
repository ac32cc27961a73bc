// Pictures: those of the service, and files that are here.

import { address, request } from "./api.js";
import { el, icon } from "./dom.js";
import { key } from "./key.js";

/**
 * A picture of the service in its place, an icon where there is none or it does not arrive.
 * @param {string|null|undefined} url `image_url` of an answer
 * @param {string} [alt] "" where what it shows is said beside it
 * @returns {HTMLElement}
 */
export function picture(url, alt = "") {
  if (!url) return el("span", { class: "picture" }, icon("image"));
  const image = el("img", { alt, loading: "lazy", decoding: "async", onerror: () => image.replaceWith(icon("image")) });
  showPicture(image, url);
  return el("span", { class: "picture" }, image);
}

/**
 * Show a picture of the service. An <img> cannot send a key, so with one the picture is fetched; `error` is told either way.
 * @param {HTMLImageElement} image
 * @param {string} url `image_url` of an answer
 */
export async function showPicture(image, url) {
  if (!key()) {
    image.src = address(url);
    return;
  }
  try {
    showFile(image, await (await request(url)).blob());
  } catch {
    image.dispatchEvent(new Event("error"));
  }
}

/**
 * Show a file that is here.
 * @param {HTMLImageElement} image
 * @param {Blob} file
 */
export function showFile(image, file) {
  const url = URL.createObjectURL(file);
  for (const end of ["load", "error"]) image.addEventListener(end, () => URL.revokeObjectURL(url), { once: true });
  image.src = url;
}
