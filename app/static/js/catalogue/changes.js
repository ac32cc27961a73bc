// What changes products, each as one request (docs/api.md): the answer has the new revision and ETag.

import { json, productPath, request } from "../api.js";

/** @typedef {{product_id: string, revision: number, etag: string|null, images: string[]}} Change */

/**
 * Whether there is such a product.
 * @param {string} id
 * @returns {Promise<boolean>}
 */
export async function exists(id) {
  try {
    await request(productPath(id));
    return true;
  } catch (error) {
    if (error.kind === "unknown-product") return false;
    throw error;
  }
}

/**
 * A product and the ETag that says which state of it this is.
 * @param {string} id
 * @returns {Promise<object>} the answer of GET /products/{id} with `etag`
 */
export async function product(id) {
  const response = await request(productPath(id));
  return { ...(await response.json()), etag: response.headers.get("ETag") };
}

/**
 * Put a product with all its photos.
 * @param {string} id
 * @param {object} fields title, url, meta, level2, leaf; what is missing is unknown
 * @param {File[]} photos
 * @returns {Promise<Change>}
 */
export function put(id, fields, photos) {
  return withPhotos(named(id, photos), (body) => {
    body.append("product", JSON.stringify(fields));
    return json(productPath(id), { method: "PUT", body });
  });
}

/**
 * Change what is known of a product, if it is still as `etag` says.
 * @param {string} id
 * @param {object} fields null: unknown
 * @param {string} etag
 * @returns {Promise<Change>}
 */
export function edit(id, fields, etag) {
  const headers = { "Content-Type": "application/merge-patch+json", "If-Match": etag };
  return json(productPath(id), { method: "PATCH", body: JSON.stringify(fields), headers });
}

/**
 * Add photos to a product that is still as it was read, beside those that it has.
 * @param {{product_id: string, etag: string, images: {image_id: string}[]}} product as `product` gives it
 * @param {File[]} photos
 * @returns {Promise<Change>}
 */
export function addPhotos({ product_id: id, etag, images }, photos) {
  return withPhotos(named(id, photos, images.map((own) => own.image_id)), (body) =>
    json(`${productPath(id)}/images`, { method: "POST", body, headers: { "If-Match": etag } }));
}

/**
 * Remove a photo of a product that is still as `etag` says.
 * @param {string} id
 * @param {string} photo
 * @param {string} etag
 * @returns {Promise<Change>}
 */
export function removePhoto(id, photo, etag) {
  return json(`${productPath(id)}/images/${encodeURIComponent(photo)}`, { method: "DELETE", headers: { "If-Match": etag } });
}

/**
 * Remove a product that is still as `etag` says.
 * @param {string} id
 * @param {string} etag
 * @returns {Promise<Change>}
 */
export function remove(id, etag) {
  return json(productPath(id), { method: "DELETE", headers: { "If-Match": etag } });
}

/** Send photos under the names they got; an error calls them as the visitor does. */
async function withPhotos(photos, send) {
  const body = new FormData();
  for (const [name, photo] of photos) body.append("image", photo, name);
  try {
    return await send(body);
  } catch (error) {
    for (const [name, photo] of photos) error.message = error.message.replace(`image '${name}':`, () => `image '${photo.name}':`);
    throw error;
  }
}

// A photo's name is its own in the whole catalogue, and cameras name all photos alike: so each gets the product's id, and
// a number where the product has that name already, for the service replaces a photo by another of its name.
function named(id, photos, before = []) {
  const taken = new Map(before.map((name) => [name, null]));
  for (const photo of photos) taken.set(freeName(id, photo.name, taken), photo);
  return [...taken].filter(([, photo]) => photo);
}

function freeName(id, own, taken) {
  const sent = (name) => name.replaceAll('"', "%22"); // as forms write it, and so as the service knows it
  let name = sent(own.startsWith(id) ? own : `${id}-${own}`);
  for (let number = 2; taken.has(name); number++) name = sent(`${id}-${number}-${own}`);
  return name;
}
