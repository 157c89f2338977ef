// What is typed beside an order that is not given yet is kept by the node, so that it is there
// again after a reload, and after a desk that was locked is opened again.

import { leaving } from "./leave.js";
import { post, typedAt } from "./post.js";

const UNSENT_MS = 150;

// The texts that are to be kept soon, each with its timer, and what was last asked for of each.
const waiting = new Map();
const asked = new WeakMap();

function keep(input) {
  clearTimeout(waiting.get(input));
  waiting.delete(input);
  const kept = post(input.dataset.begun, { text: input.value, typed_at_ms: typedAt() });
  asked.set(input, kept.catch(() => {}));
}

// Resolves once the node has all that is typed in a form: what the order ends must not come after it.
export function kept(form) {
  const texts = [...form.querySelectorAll("[data-begun]")];
  texts.filter((text) => waiting.has(text)).forEach(keep);
  return Promise.all(texts.map((text) => asked.get(text)));
}

export function beginnings(signal) {
  document.addEventListener("input", ({ target }) => {
    if (target.dataset.begun === undefined || waiting.has(target)) return;
    waiting.set(target, setTimeout(() => keep(target), UNSENT_MS));
  }, { signal });
  leaving(signal, () => [...waiting.keys()].forEach(keep));
}
