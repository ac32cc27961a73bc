// What is asked: photos (or a product), each with its box and filters; and how that is written in the address.

export const PAGE = 12;
export const MOST = 200;
const KINDS = ["photo", "sample", "image", "product"];

/**
 * photo: one of the visitor's own, by its id in this browser; sample: by its name; image: a picture of the catalogue;
 * product: others like it. broken: the file cannot be shown as a picture. large: where the page is narrow, it is shown in full width.
 * @typedef {{kind: "photo"|"sample"|"image"|"product", id: string, name: string, file: File|Blob|null,
 *   box: number[]|null, categories: string[], limit: number, answer: object|null, timing: {name: string, ms: number}[],
 *   error: Error|null, busy: boolean, broken: boolean, large: boolean, tries: number}} Query
 */

/** @returns {Query} */
export function newQuery(kind, id, own = {}) {
  return {
    kind, id, name: id, file: null, box: null, categories: [], limit: PAGE,
    answer: null, timing: [], error: null, busy: false, broken: false, large: false, tries: 0, ...own,
  };
}

/**
 * The parameters of the address: all queries, and the box and filters of the one that is shown.
 * @param {Query[]} queries
 * @param {number} at
 * @returns {string[][]}
 */
export function written(queries, at) {
  const shown = queries[at];
  if (!shown) return [];
  const params = queries.map((own) => [own.kind, own.id]);
  if (at > 0) params.push(["at", at + 1]);
  if (shown.box) params.push(["box", shown.box.join(",")]);
  for (const category of shown.categories) params.push(["category", category]);
  if (shown.limit !== PAGE) params.push(["limit", shown.limit]);
  return params;
}

/**
 * The reverse: queries of `known` that are meant are used again, with their answers where those still hold.
 * @param {URLSearchParams} params
 * @param {Query[]} known
 * @returns {{queries: Query[], at: number}}
 */
export function read(params, known) {
  const named = [...params].filter(([name, id]) => KINDS.includes(name) && id);
  const queries = named.map(([kind, id]) => known.find((own) => own.kind === kind && own.id === id) ?? newQuery(kind, id));
  const at = Math.min(Math.max(Number(params.get("at")) || 1, 1), Math.max(queries.length, 1)) - 1;
  if (queries[at]) narrow(queries[at], boxOf(params.get("box")), params.getAll("category"), limitOf(params.get("limit")));
  return { queries, at };
}

/**
 * Ask for another part of the photo or other categories; an answer that was for something else is old then.
 * @param {Query} query
 */
export function narrow(query, box, categories, limit = PAGE) {
  const before = JSON.stringify([query.box, query.categories, query.limit]);
  Object.assign(query, { box, categories, limit });
  if (before !== JSON.stringify([box, categories, limit])) Object.assign(query, { stale: true, error: null, tries: 0 });
}

/**
 * The parameters of the request.
 * @param {Query} query
 * @param {number} limit
 * @param {number} [offset]
 * @returns {URLSearchParams}
 */
export function parameters({ box, categories }, limit, offset = 0) {
  const params = new URLSearchParams({ limit, ...(offset && { offset }), ...(box && { box: box.join(",") }) });
  for (const category of categories) params.append("category", category);
  return params;
}

/**
 * Where the service has the photo that is asked with.
 * @param {Query} query
 * @returns {string|null} null for one of the visitor's own
 */
export function photoPath({ kind, id }) {
  const folder = { sample: "samples", image: "images" }[kind];
  return folder ? `${folder}/${encodeURIComponent(id)}` : null;
}

function boxOf(text) {
  const box = (text ?? "").split(",").map(Number);
  const [x0, y0, x1, y1] = box;
  return box.length === 4 && x0 >= 0 && y0 >= 0 && x0 < x1 && y0 < y1 && x1 <= 1 && y1 <= 1 ? box : null;
}

function limitOf(text) {
  return Math.min(Math.max(Math.trunc(Number(text)) || PAGE, 1), MOST);
}
