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

function carrying([x0, y0, x1, y1], [ax, ay]) {
  return ([x, y]) => {
    const dx = Math.min(Math.max(x - ax, -x0), 1 - x1);
    const dy = Math.min(Math.max(y - ay, -y0), 1 - y1);
    return [x0 + dx, y0 + dy, x1 + dx, y1 + dy];
  };
}

function spot(stage, { clientX, clientY }) {
  const { left, top, width, height } = stage.getBoundingClientRect();
  return [(clientX - left) / width, (clientY - top) / height].map((part) => Math.min(Math.max(part, 0), 1));
}
