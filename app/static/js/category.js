// A category: its levels, its path in words, and the filters that name it (`leaf:Boots`, `path:Shoes/Boots`).

/** @typedef {{meta: string|null, level2: string|null, leaf: string|null}} Category */

/** The levels, widest first, and what people call them. */
export const LEVEL_NAMES = { meta: "Category", level2: "Subcategory", leaf: "Type" };
export const LEVELS = Object.keys(LEVEL_NAMES);

/** The filter of products without a category, and its name. */
export const BARE = "path:";
export const NO_CATEGORY = "Without a category";

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
 * What a filter names, without its level: "Boots", "Shoes › Boots".
 * @param {string} filter
 * @returns {string}
 */
export function nameOf(filter) {
  if (filter === BARE) return NO_CATEGORY;
  const { level, rest } = parsed(filter);
  return level === "path" ? parts(rest).filter(Boolean).join(" › ") : rest;
}

/**
 * The level of the category that a filter names.
 * @param {string} filter
 * @returns {string|null} one of LEVELS; null where the filter does not say
 */
export function levelOf(filter) {
  const { level, rest } = parsed(filter);
  return level === "path" ? LEVELS[parts(rest).length - 1] ?? null : level;
}

function parsed(filter) {
  const [, level, rest] = /^(?:(path|meta|level2|leaf):)?(.*)$/s.exec(filter);
  return { level: level ?? null, rest };
}

function parts(path) {
  return path.split("/").map((own) => own.replaceAll("%2F", "/"));
}
