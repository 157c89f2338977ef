// A page that goes, by a link, a reload or its window, has something to send first. What is asked
// for then outlives the page (`keepalive`), and is asked for before the next page is.

let gone = false;

// Whether the page is on its way out: what is sent now must outlive it.
export function isLeaving() { return gone; }

// Runs `last` when the page goes, or when another takes its place in a call.
export function leaving(signal, last) {
  const now = () => {
    gone = true;
    try { last(); } finally { gone = false; }
  };
  addEventListener("beforeunload", now, { signal });
  addEventListener("pagehide", now, { signal });
  signal.addEventListener("abort", now);
}
