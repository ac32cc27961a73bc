// What is said: numbers, scores and errors in words.

const REMEDIES = {
  "unreadable-photo": ["This is not a photo that can be read", "The file is empty, damaged or not an image. Choose another one."],
  "malformed-body": ["The photo did not arrive whole", "Try again."],
  unauthorized: ["This service needs a key", "Enter the key that you were given."],
  "read-only-key": ["Changes need the write key", "The key that was sent may read only. Nothing was changed."],
  "changes-off": ["This service takes no changes", "Whoever runs it can allow them with TWINSHOT_WRITE_KEY and TWINSHOT_STATE."],
  "unknown-product": ["This product is not in the catalogue", "It may have been removed. Search again."],
  "unknown-image": ["This picture is not in the catalogue", "It may have been removed. Search again."],
  "slow-body": ["The upload was too slow", "Try again on a better connection, or take a smaller photo."],
  "image-taken": ["Another product has a photo of this name", "Rename the file and add it again. Nothing was changed."],
  "product-changed": ["Somebody else has changed this product meanwhile", "Look at it as it is now, and repeat what you meant to do."],
  "too-large": ["This photo is too large", "Take a smaller one, or save it with fewer pixels."],
  "unsupported-photo": ["Photos of this type are not taken", "Save it as JPEG, PNG or WebP and try again."],
  "unsupported-content-type": ["Photos of this type are not taken", "Save it as JPEG, PNG or WebP and try again."],
  "unknown-category": ["This category cannot be searched", "Take the filter away, or choose another one."],
  "rate-limited": ["That were many requests in a short time", "Wait a moment."],
  busy: ["The service is busy", "Wait a moment."],
  "not-ready": ["The service is starting", "It has no catalogue loaded yet. Wait a moment."],
  "shutting-down": ["The service is restarting", "Wait a moment."],
  "internal-error": ["The service failed", "Try again. If it happens again, tell whoever runs it the request id."],
  "not-kept": ["The photo of this link is not in this browser", "Photos are kept where they were searched, and nowhere else. Choose the photo again."],
  unreachable: ["The service does not answer", "Check the connection and try again."],
};
const RETRIED = new Set(["rate-limited", "busy", "not-ready", "shutting-down"]);

/** The stages of a photo as the metrics and Server-Timing name them, in words. */
export const STAGES = { queue: "Wait", decode: "Read photo", encode: "Model", search: "Search", rank: "Rank", cache: "Cache" };

/**
 * A share as people write it: "97 %".
 * @param {number} share 0 to 1
 * @returns {string}
 */
export function percent(share) {
  const number = Math.round(share * 100);
  if (number === 100 && share < 1) return ">\u00a099\u00a0%";
  return number === 0 && share > 0 ? "<\u00a01\u00a0%" : `${number}\u00a0%`;
}

/**
 * A number with its thousands apart.
 * @param {number} number
 * @param {number} [digits] behind the point
 * @returns {string}
 */
export function grouped(number, digits = 0) {
  return number.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/**
 * A number of things: "1 photo", "3,679 photos".
 * @param {number} number
 * @param {string} noun
 * @returns {string}
 */
export function counted(number, noun) {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * Bytes: "40 MB", "1.2 GB".
 * @param {number} bytes
 * @returns {string}
 */
export function size(bytes) {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

/**
 * A result's score in words and number.
 * @param {{score: number|null, match: boolean|null, similarity: number}} result
 * @returns {string}
 */
export function scoreWords({ score, match, similarity }) {
  if (score === null) return `Similarity ${signed(similarity)}`;
  const words = match ? "Same product" : score < 0.25 ? "Probably not" : "Perhaps";
  return `${words}, ${percent(score)}`;
}

function signed(number) {
  const size = Math.abs(number).toFixed(2);
  return number < 0 && Number(size) > 0 ? `\u2212${size}` : size;
}

/**
 * An error: what is wrong, what to do, and whether waiting helps.
 * @param {import("./api.js").ApiError} error
 * @returns {{title: string, remedy: string, waits: boolean}}
 */
export function errorWords(error) {
  const [title, remedy] = REMEDIES[error.kind] ?? [error.title ?? "Something went wrong here", error.message];
  const waits = RETRIED.has(error.kind) || [502, 503, 504].includes(error.status);
  return { title, remedy, waits };
}
