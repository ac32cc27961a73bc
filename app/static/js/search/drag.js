// Dragging a box: a new one, all of it, or a corner.

/**
 * With a finger a new box begins only where there is one already: else the page could not be scrolled past the photo.
 * @param {HTMLElement} stage
 * @param {HTMLElement} frame the box in it
 * @param {{box: () => number[]|null, show: (box: number[]) => void, finish: (before: number[]|null) => void}} holder
 */
export function drag(stage, frame, { box, show, finish }) {
  stage.addEventListener("pointerdown", (event) => {
    const before = box();
    if (event.button !== 0 || (event.pointerType === "touch" && !before)) return;
    const start = spot(stage, event);
    const shape = shaping(event.target, frame, before, start);
    const move = (moving) => show(shape(spot(stage, moving)));
    const end = () => {
      stage.removeEventListener("pointermove", move);
      stage.classList.remove("dragging");
      finish(before);
    };
    event.preventDefault();
    stage.classList.add("dragging");
    stage.setPointerCapture(event.pointerId);
    stage.addEventListener("pointermove", move);
    stage.addEventListener("lostpointercapture", end, { once: true });
  });
}

/**
 * The box elsewhere, as far as the photo goes.
 * @param {number[]} box
 * @param {number} dx
 * @param {number} dy
 * @returns {number[]}
 */
export function shifted([x0, y0, x1, y1], dx, dy) {
  const [mx, my] = [within(dx, -x0, 1 - x1), within(dy, -y0, 1 - y1)];
  return [x0 + mx, y0 + my, x1 + mx, y1 + my];
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 * @returns {number}
 */
export function within(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

// how the box follows the pointer
function shaping(target, frame, before, [x, y]) {
  const corner = target.dataset?.corner;
  if (corner) {
    const [x0, y0, x1, y1] = before;
    return spanning([corner.endsWith("w") ? x1 : x0, corner.startsWith("n") ? y1 : y0]);
  }
  if (target === frame) return carrying(before, [x, y]);
  return spanning([x, y]);
}

function spanning([ax, ay]) {
  return ([x, y]) => [Math.min(ax, x), Math.min(ay, y), Math.max(ax, x), Math.max(ay, y)];
}

function carrying(before, [ax, ay]) {
  return ([x, y]) => shifted(before, x - ax, y - ay);
}

function spot(stage, { clientX, clientY }) {
  const { left, top, width, height } = stage.getBoundingClientRect();
  return [(clientX - left) / width, (clientY - top) / height].map((part) => within(part, 0, 1));
}
