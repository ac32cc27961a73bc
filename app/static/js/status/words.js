// Numbers as people read them.

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
  const number = Math.max(0, Math.floor(seconds / size));
  return `${number} ${name}${number === 1 ? "" : "s"}`;
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
 * A number with its thousands apart.
 * @param {number} number
 * @param {number} [digits] behind the point
 * @returns {string}
 */
export function grouped(number, digits = 0) {
  return number.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
