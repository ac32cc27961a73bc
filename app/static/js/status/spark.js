// A small line of what was measured lately, for the eye alone: the number stands beside it.

import { shape } from "../dom.js";

const [WIDTH, HEIGHT] = [120, 32];

/**
 * The line; its height is that of its largest value, or of `top`.
 * @param {number[]} values oldest first
 * @param {number} [top]
 * @returns {SVGElement}
 */
export function spark(values, top = Math.max(...values, 0)) {
  const step = WIDTH / Math.max(values.length - 1, 1);
  const points = values.map((value, at) => `${(at * step).toFixed(1)},${(HEIGHT - 2 - (top ? value / top : 0) * (HEIGHT - 4)).toFixed(1)}`);
  const whole = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" });
  if (points.length > 1) {
    whole.append(
      shape("polygon", { points: `0,${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}`, class: "area" }),
      shape("polyline", { points: points.join(" "), class: "line" }));
  }
  return whole;
}
