// The page's connection to its own node, which carries picture and sound to the other side and
// back. It lives as long as the page; nothing that happens on the line makes it anew.

import { post } from "./post.js";

const DISCONNECTED_MS = 4000;

export class Connection {
  // `lost` is called once, when this connection will not come back.
  constructor(lost) {
    this.lost = lost;
    // The other end is this machine: there is nothing to ask an ICE server.
    this.pc = new RTCPeerConnection();
    this.audio = this.pc.addTransceiver("audio", { direction: "sendrecv" });
    this.video = this.pc.addTransceiver("video", { direction: "sendrecv" });
    this.stream = new MediaStream([this.audio.receiver.track, this.video.receiver.track]);
    this.pc.addEventListener("connectionstatechange", () => this.watch());
  }

  async open() {
    // No candidate of ours is waited for: the node is ICE-lite and answers whoever knows its
    // password, so it learns from the first check where this page is (RFC 8445 §7.3.1.3).
    await this.pc.setLocalDescription();
    const { sdp } = await post("/call/offer", { page: number(), sdp: this.pc.localDescription.sdp });
    await this.pc.setRemoteDescription({ type: "answer", sdp });
  }

  // Sends these tracks; null for none.
  send({ audio, video }) {
    return Promise.all([replace(this.audio.sender, audio), replace(this.video.sender, video)]);
  }

  watch() {
    clearTimeout(this.waiting);
    const state = this.pc.connectionState;
    if (state === "failed") this.end();
    if (state === "disconnected") this.waiting = setTimeout(() => this.end(), DISCONNECTED_MS);
  }

  end() {
    const { lost } = this;
    this.close();
    lost?.();
  }

  close() {
    clearTimeout(this.waiting);
    this.lost = null;
    this.pc.close();
  }
}

async function replace(sender, track) {
  if (sender.track !== track) await sender.replaceTrack(track).catch(() => {});
}

// A number of 53 bits, which JSON and the node both hold exactly.
function number() {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high & 0x1fffff) * 2 ** 32 + low;
}
