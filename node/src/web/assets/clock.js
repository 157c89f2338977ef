// How long something has lasted, counted on in the page. It stands outside every live region: a
// count that ticks is seen and never announced.

function long(seconds) {
  if (seconds < 60) return `${seconds}\u00a0s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}\u00a0min`;
  return `${Math.floor(minutes / 60)}\u00a0h\u00a0${String(minutes % 60).padStart(2, "0")}`;
}

function tick() {
  for (const place of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.round(Date.now() / 1000 - Number(place.dataset.since)));
    place.textContent = place.dataset.words.replace("@", long(seconds));
  }
}

export function clocks(signal) {
  const ticking = setInterval(tick, 1000);
  signal.addEventListener("abort", () => clearInterval(ticking));
  tick();
}
