// What is sent in a call, of microphone and camera: what its person wants, as far as it is there.
// A device that goes while it is wanted is sent again by itself once one is there; what was turned
// off by hand stays off until it is turned on by hand.

const KINDS = ["audio", "video"];

export class Presence {
  // `gone` are those that were wanted and not there.
  constructor(gone = []) { this.gone = new Set(gone); }

  // `on` is what the node says is sent, `has` what is open here. What is to be sent instead, or
  // null where that is what is sent.
  settle(on, has) {
    const wish = {};
    for (const kind of KINDS) {
      if (on[kind]) this.gone[has[kind] ? "delete" : "add"](kind);
      wish[kind] = has[kind] && this.wants(kind, on);
    }
    return KINDS.some((kind) => wish[kind] !== on[kind]) ? wish : null;
  }

  // Whether it would be sent if it were there.
  wants(kind, on) { return on[kind] || this.gone.has(kind); }

  // Somebody has turned it on or off.
  turned(kind) { this.gone.delete(kind); }
}
