// The desk rings when somebody new is next: a short sound, a mark and the title of the page. Where
// the adviser is at a case, what comes to the desk is listened for as well.

import { onFragment } from "./events.js";
import { morph, parse } from "./morph.js";
import { audio, chime, held } from "./tones.js";

export function desk(signal) {
  const next = document.getElementById("next");
  const arrived = document.querySelector("[data-arrived]");
  if (next) watch(next, signal);
  else if (arrived) listen(arrived, signal);
}

// The title tells those who look at another window.
function marker() {
  const title = document.title;
  return (words) => { document.title = words ? `● ${words}` : title; };
}

function watch(next, signal) {
  const mark = marker();
  let known = next.dataset.ticket;
  mark(next.dataset.title);
  onFragment("#next", (now, fresh) => {
    morph(now, fresh);
    const { ticket, title } = now.dataset;
    mark(title);
    if (ticket && ticket !== known) ring(now);
    known = ticket;
  });
  sounds(signal);
}

function ring(next) {
  chime();
  next.classList.add("pulse");
  next.addEventListener("animationend", () => next.classList.remove("pulse"), { once: true });
}

function listen(arrived, signal) {
  const mark = marker();
  let known = null;
  const source = new EventSource("/events?at=/desk");
  source.addEventListener("fragment", (event) => {
    const { id, html } = JSON.parse(event.data);
    if (id !== "next") return;
    const { ticket = "", title = "", who = title } = parse(html).dataset;
    arrived.textContent = who;
    mark(title);
    // Who was there when the page opened has rung at the desk.
    if (known !== null && ticket && ticket !== known) chime();
    known = ticket;
  });
  signal.addEventListener("abort", () => source.close());
  addEventListener("pagehide", () => source.close(), { signal });
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
