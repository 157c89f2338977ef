// The desk rings when somebody new is next: a short sound, a mark and the title of the page.

import { onFragment } from "./events.js";
import { morph } from "./morph.js";
import { audio, chime, held } from "./tones.js";

export function desk(signal) {
  const next = document.getElementById("next");
  if (!next) return;
  const title = document.title;
  let known = next.dataset.ticket;
  const name = () => { document.title = next.dataset.title ? `● ${next.dataset.title}` : title; };
  name();
  onFragment("#next", (now, fresh) => {
    morph(now, fresh);
    name();
    const { ticket } = now.dataset;
    if (ticket && ticket !== known) arrived(now);
    known = ticket;
  });
  sounds(signal);
}

function arrived(next) {
  chime();
  next.classList.add("pulse");
  next.addEventListener("animationend", () => next.classList.remove("pulse"), { once: true });
}

// Whether the ring would be heard is found out, and said if not.
async function sounds(signal) {
  const notice = document.querySelector("[data-desk-held]");
  const look = async () => { notice.hidden = !(await held()); };
  for (const gesture of ["pointerdown", "keydown"]) {
    addEventListener(gesture, () => { if (!notice.hidden) { audio(); look(); } }, { signal });
  }
  await look();
}
