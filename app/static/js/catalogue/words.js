// How many there are.

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
