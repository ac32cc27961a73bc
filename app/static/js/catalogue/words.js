// What the catalogue says: numbers, and changes that were refused.

import { errorWords } from "../words.js";

/**
 * A number of things: "1 photo", "3,679 photos".
 * @param {number} number
 * @param {string} noun
 * @returns {string}
 */
export function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** @param {number} number */
export const photos = (number) => counted(number, "photo");

const REMEDIES = {
  unauthorized: ["Changes need the write key", "Enter it when you are asked for it. Nothing was changed."],
  "read-only-key": ["Changes need the write key", "The key that was sent may read only. Nothing was changed."],
  "product-changed": ["Somebody else has changed this product meanwhile", "Look at it as it is now, and repeat what you meant to do."],
  "image-taken": ["Another product has a photo of this name", "Rename the file and add it again. Nothing was changed."],
  "too-large": ["A photo, or all of them together, is too large", "Take smaller ones, or add them one after the other."],
  "invalid-request": ["Something in the form cannot be used", null],
};

/**
 * A change that was refused, in words: what is wrong and what to do.
 * @param {import("../api.js").ApiError} error
 * @returns {{title: string, remedy: string, waits: boolean}}
 */
export function refusalWords(error) {
  const [title, remedy] = REMEDIES[error.kind] ?? [];
  return title ? { title, remedy: remedy ?? error.message, waits: false } : errorWords(error);
}
