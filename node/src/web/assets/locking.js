// A desk that nobody is at locks itself. The node decides when, and has it said beforehand on every
// page; a page tells the node of gestures. While it is said, any gesture is an answer.

import { onFragment } from "./events.js";
import { morph } from "./morph.js";
import { post } from "./post.js";

const TOLD_MS = 30000;

let toldAt = -Infinity;

async function here() {
  toldAt = performance.now();
  await post("/desk/here").catch(() => { toldAt = -Infinity; });
}

class Notice {
  constructor(element) {
    this.element = element;
    this.endsAt = 0;
  }

  get dialog() { return this.element.querySelector("dialog"); }

  gesture() {
    if (this.dialog || performance.now() > toldAt + TOLD_MS) here();
  }

  changed(next) {
    // What is open is closed before it goes, so that the focus comes back to where it was.
    if (!next.querySelector("dialog")) this.dialog?.close();
    morph(this.element, next);
    this.endsAt = performance.now() + Number(this.element.dataset.endsIn) * 1000;
    if (this.dialog && !this.dialog.open) this.dialog.showModal();
    this.tick();
  }

  tick() {
    const place = this.element.querySelector("[data-lock-left]");
    if (place) place.textContent = `${Math.max(0, Math.round((this.endsAt - performance.now()) / 1000))}\u00a0s`;
  }
}

export function locking(signal) {
  const element = document.getElementById("locking");
  if (!element) return;
  const notice = new Notice(element);
  const ticking = setInterval(() => notice.tick(), 1000);
  signal.addEventListener("abort", () => clearInterval(ticking));
  for (const sign of ["pointerdown", "keydown", "wheel", "touchmove"]) {
    addEventListener(sign, () => notice.gesture(), { passive: true, capture: true, signal });
  }
  onFragment("#locking", (_, next) => notice.changed(next));
}
