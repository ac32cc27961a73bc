// A category: its levels, its path in words, and the filters that name it (`leaf:Boots`, `path:Shoes/Boots`).

/** @typedef {{meta: string|null, level2: string|null, leaf: string|null}} Category */

export const LEVELS = ["meta", "level2", "leaf"];

/**
 * A category path: "Shoes › Boots › Chelsea boots".
 * @param {Category} category
 * @returns {string}
 */
export function pathWords(category) {
  return LEVELS.map((level) => category[level]).filter((part) => part !== null).join(" › ");
}

/**
 * How `category=` names a category or the parent of several: `path:Shoes/Boots`.
 * @param {Category} category
 * @returns {string} "" for a product that has none
 */
export function filterOf(category) {
  const parts = LEVELS.map((level) => (category[level] ?? "").replaceAll("/", "%2F"));
  const path = parts.join("/").replace(/\/+$/, "");
  return path && `path:${path}`;
}

/**
 * What a filter names, without its level: "Boots", "Shoes/Boots".
 * @param {string} filter
 * @returns {string}
 */
export function nameOf(filter) {
  return filter.replace(/^(path|meta|level2|leaf):/, "");
}
