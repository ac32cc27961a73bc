// Times as people read them.

import { counted } from "../words.js";

/**
 * Seconds as milliseconds: "8.4 ms", "1.2 s".
 * @param {number|null} seconds null: nothing was measured
 * @returns {string}
 */
export function duration(seconds) {
  if (seconds === null) return "–";
  if (seconds >= 1) return `${seconds.toFixed(1)} s`;
  const ms = seconds * 1000;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/**
 * How long something has been so: "3 minutes", "2 days".
 * @param {number} seconds
 * @returns {string}
 */
export function span(seconds) {
  const units = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const [size, name] = units.find(([own]) => seconds >= own) ?? units.at(-1);
  return counted(Math.max(0, Math.floor(seconds / size)), name);
}
