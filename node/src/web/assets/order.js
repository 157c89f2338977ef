// Orders that do not leave the page: what they change comes back as news of the page.

import { kept } from "./begun.js";
import { go } from "./navigate.js";
import { post } from "./post.js";

async function give(event) {
  const form = event.target;
  if (form.dataset.order === undefined) return;
  event.preventDefault();
  if (form.dataset.sent !== undefined) return;
  form.dataset.sent = "";
  // What it changes may come back before its answer, and make another order of the form.
  const { then, empties } = form.dataset;
  const { token, back, ...fields } = Object.fromEntries(new FormData(form, event.submitter));
  tell(form, "");
  try {
    await kept(form);
    const told = await post(form.getAttribute("action"), fields);
    if (form.matches(":popover-open")) form.hidePopover();
    empty(empties);
    if (then) go(then.replace(/\{(\w+)\}/g, (_, name) => told[name]));
  } catch (refused) {
    const words = [refused.told.title ?? document.body.dataset.failed, refused.told.todo];
    tell(form, words.filter(Boolean).join(" "));
    form.dispatchEvent(new CustomEvent("refused", { bubbles: true }));
  }
  delete form.dataset.sent;
}

// What was typed has been sent or thrown away.
function empty(where) {
  const line = where && document.querySelector(where);
  if (!line) return;
  line.value = "";
  line.dispatchEvent(new Event("emptied"));
}

// Beside the order if there is room for it, else where the page tells what is wrong with itself.
function tell(form, words) {
  const around = form.closest("dialog, [data-rev]");
  const near = form.querySelector("[data-trouble]") ?? around?.querySelector("[data-trouble]");
  const place = near ?? document.querySelector("[data-call-trouble]");
  if (!place) return;
  place.textContent = words;
  place.hidden = !words;
}

export function orders(signal) { document.addEventListener("submit", give, { signal }); }
