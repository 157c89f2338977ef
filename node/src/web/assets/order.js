// Orders that do not leave the page: what they change comes back as news of the page.

import { go } from "./navigate.js";
import { post } from "./post.js";

async function give(event) {
  const form = event.target;
  if (form.dataset.order === undefined) return;
  event.preventDefault();
  if (form.dataset.sent !== undefined) return;
  form.dataset.sent = "";
  const { token, back, ...fields } = Object.fromEntries(new FormData(form, event.submitter));
  tell(form, "");
  try {
    const told = await post(form.getAttribute("action"), fields);
    if (form.matches(":popover-open")) form.hidePopover();
    if (form.dataset.then) go(form.dataset.then.replace(/\{(\w+)\}/g, (_, name) => told[name]));
  } catch (refused) {
    const words = [refused.told.title ?? document.body.dataset.failed, refused.told.todo];
    tell(form, words.filter(Boolean).join(" "));
    form.dispatchEvent(new CustomEvent("refused", { bubbles: true }));
  }
  delete form.dataset.sent;
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
