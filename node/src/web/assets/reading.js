// Where in a case the adviser is, so that the person and colleagues see it beside the field.

import { post } from "./post.js";

// Moving on quickly is told once, where it ends.
const SETTLE_MS = 300;

export function reading(signal) {
  const path = document.querySelector("[data-reading]")?.dataset.reading;
  if (!path) return;
  let told = null;
  let settling = null;
  const tell = () => {
    const form = document.activeElement?.closest?.("form[data-field]");
    const [, place, field] = form?.id.match(/^f-([0-9a-f]{16})-(.+)$/) ?? [];
    const here = form?.id ?? "";
    if (here === told) return;
    told = here;
    post(path, field ? { form: place, field } : {}).catch(() => { told = null; });
  };
  const settle = () => { clearTimeout(settling); settling = setTimeout(tell, SETTLE_MS); };
  for (const moved of ["focusin", "focusout"]) addEventListener(moved, settle, { signal });
  signal.addEventListener("abort", () => clearTimeout(settling));
  settle();
}
