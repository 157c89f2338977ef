// Camera, microphone and sound: opened, measured, chosen. What is said of them was measured: a
// picture that arrives and is not dark, a microphone whose level has moved.

import { audio, output, scale } from "./tones.js";

const PICTURE = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 25 } };
const KEPT = "guichet-devices";
const LOOK_MS = 1000;
const LISTEN_MS = 100;
// Without a picture for so many looks, the camera gives none.
const STILL_LOOKS = 4;
// Mean brightness of 255 under which a picture is dark, and over which it no longer is.
const DARK = 20;
const BRIGHT = 32;
// A voice, as the root mean square of samples, and how often it must be heard.
const VOICE = 0.015;
const VOICES = 3;
// A device that goes is looked for again at once, but no more often than this.
const AGAIN_MS = 1000;
const REFUSALS = { NotAllowedError: "refused", NotFoundError: "missing", NotReadableError: "busy", OverconstrainedError: "missing" };
const ALL = ["audio", "video"];
const KINDS = { audio: "microphone", video: "camera" };

export class Devices {
  // `changed` is called when other tracks are there; `wants` says of a kind whether it is opened
  // by itself.
  constructor(changed, wants) {
    Object.assign(this, { changed, wants });
    this.audio = null;
    this.video = null;
    this.states = { camera: "asking", microphone: "asking" };
    this.used = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    // Those of which a track was there once.
    this.had = new Set();
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.seek());
  }

  // Whether there is no device of this kind: neither refused nor held by another.
  missing(kind) { return !this[kind] && this.states[KINDS[kind]] === "missing"; }

  get open() { return this.audio !== null || this.video !== null; }

  // Opens what there is; one that is missing or refused does not hold up the other.
  start(kinds = ALL) {
    this.wanted = true;
    this.starting ??= this.find(kinds).finally(() => { this.starting = null; });
    return this.starting;
  }

  async find(kinds) {
    const missing = kinds.filter((kind) => !this[kind]);
    if (missing.length === 0) return;
    if (!navigator.mediaDevices?.getUserMedia) {
      missing.forEach((kind) => this.say(kind, "unable"));
      return;
    }
    missing.forEach((kind) => this.say(kind, "asking"));
    if (missing.length === 1 || !(await this.ask(missing, false))) {
      for (const kind of missing) await this.ask([kind], true);
    }
    this.measure();
    await this.list();
  }

  // What is there has changed: what is missing is looked for, and what was chosen is taken once it
  // is there.
  async seek() {
    await this.starting;
    const kinds = () => this.wanted ? ALL.filter((kind) => this.wants(kind)) : [];
    if (kinds().length > 0) await this.start(kinds());
    const there = await this.list();
    for (const kind of kinds()) {
      const id = this.used[KINDS[kind]];
      const back = id && there.some((one) => one.deviceId === id) && this.id(kind) !== id;
      if (back && await this.ask([kind], false)) await this.list();
    }
    this.changed();
  }

  // One question to the browser, for what was chosen; `last` if any other will do and its refusal
  // is to be told.
  async ask(kinds, last) {
    const chosen = kinds.some((kind) => this.used[KINDS[kind]]);
    for (const exact of chosen ? [true, false] : [false]) {
      const wish = Object.fromEntries(kinds.map((kind) => [kind, this.wish(kind, exact)]));
      try {
        const stream = await navigator.mediaDevices.getUserMedia(wish);
        stream.getTracks().forEach((track) => this.take(track));
        return true;
      } catch (refused) {
        if (!last) return false;
        if (exact && refused.name !== "NotAllowedError") continue;
        kinds.forEach((kind) => this[kind] || this.say(kind, REFUSALS[refused.name] ?? "busy"));
        return false;
      }
    }
    return false;
  }

  // Browsers may pass over a choice that is only ideal.
  wish(kind, exact) {
    const id = exact && this.used[KINDS[kind]];
    const plain = kind === "video" ? PICTURE : true;
    return id ? { ...(kind === "video" ? PICTURE : {}), deviceId: { exact: id } } : plain;
  }

  id(kind) { return this[kind]?.getSettings().deviceId; }

  take(track) {
    // Nobody waits for it any more.
    if (!this.wanted) { track.stop(); return; }
    this[track.kind]?.stop();
    this[track.kind] = track;
    this.had.add(track.kind);
    this.say(track.kind, track.kind === "audio" ? "quiet" : "asking");
    track.addEventListener("ended", () => {
      if (this[track.kind] !== track) return;
      this[track.kind] = null;
      this.say(track.kind, "missing");
      this.changed();
      setTimeout(() => this.seek(), AGAIN_MS);
    });
    if (track.kind === "audio") this.hear(track);
    this.looks = 0;
    this.changed();
  }

  stop() {
    this.wanted = false;
    clearInterval(this.looking);
    clearInterval(this.listening);
    this.source?.disconnect();
    for (const kind of ALL) {
      this[kind]?.stop();
      this[kind] = null;
    }
    this.states = { camera: "asking", microphone: "asking" };
  }

  hear(track) {
    const sounds = audio();
    if (!sounds) return;
    this.source?.disconnect();
    this.source = sounds.createMediaStreamSource(new MediaStream([track]));
    this.analyser = new AnalyserNode(sounds, { fftSize: 1024 });
    this.source.connect(this.analyser);
    this.heard = 0;
  }

  measure() {
    clearInterval(this.looking);
    clearInterval(this.listening);
    this.looking = setInterval(() => this.look(), LOOK_MS);
    this.listening = setInterval(() => this.listen(), LISTEN_MS);
  }

  listen() {
    if (!this.audio || !this.analyser) return;
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    const level = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
    if (level > VOICE) this.heard += 1;
    if (this.heard >= VOICES) this.say("audio", "good");
    // Loudness as it is heard: 60 dB over the width of the meter.
    const shown = level > 0 ? Math.max(0, 100 + (20 * Math.log10(level) * 100) / 60) : 0;
    document.querySelectorAll("[data-level]").forEach((meter) => { meter.value = Math.min(100, shown); });
  }

  look() {
    const own = document.querySelector("[data-own]");
    if (!this.video || !own || !this.video.enabled) return;
    if (own.readyState < 2 || this.video.muted) {
      this.looks += 1;
      if (this.looks >= STILL_LOOKS) this.say("video", "still");
      return;
    }
    this.looks = 0;
    const light = brightness(own);
    const dark = light < (this.states.camera === "dark" ? BRIGHT : DARK);
    // Twice the same before it is said: a hand that passes is no news.
    if (dark === this.dark) this.say("video", dark ? "dark" : "good");
    this.dark = dark;
  }

  say(kind, state) {
    if (this.states[KINDS[kind]] === state) return;
    this.states[KINDS[kind]] = state;
    this.show();
  }

  // Puts the states into the words of the page.
  show() {
    for (const [device, state] of Object.entries(this.states)) {
      document.querySelectorAll(`[data-device=${device}]`).forEach((place) => {
        place.dataset.state = state;
        place.querySelectorAll("[data-when]").forEach((words) => { words.hidden = words.dataset.when !== state; });
      });
    }
    const stuck = Object.values(this.states).some((state) => ["refused", "missing", "busy"].includes(state));
    document.querySelectorAll("[data-again]").forEach((button) => { button.hidden = !stuck; });
  }

  async list() {
    const found = await navigator.mediaDevices?.enumerateDevices?.().catch(() => []) ?? [];
    for (const box of document.querySelectorAll("[data-kind]")) {
      const select = box.querySelector("select");
      const those = found.filter((one) => one.kind === box.dataset.kind && !["", "default", "communications"].includes(one.deviceId));
      const options = those.map((one, place) => new Option(one.label || `${select.dataset.word} ${place + 1}`, one.deviceId));
      select.replaceChildren(select.options[0], ...options);
      select.value = those.some((one) => one.deviceId === this.taken(select.dataset.use)) ? this.taken(select.dataset.use) : "";
      box.hidden = those.length === 0 || (box.dataset.kind === "audiooutput" && !("setSinkId" in HTMLMediaElement.prototype));
    }
    return found;
  }

  // What was chosen, as far as it is what is used.
  taken(device) {
    const kind = Object.keys(KINDS).find((one) => KINDS[one] === device);
    const id = this.used[device];
    return !kind || !this[kind] || this.id(kind) === id ? id : "";
  }

  async use(device, id) {
    this.used[device] = id;
    sessionStorage.setItem(KEPT, JSON.stringify(this.used));
    if (device === "speaker") { this.speak(); return; }
    const kind = device === "camera" ? "video" : "audio";
    await this.ask([kind], true);
    this.measure();
    await this.list();
  }

  // Sends what is heard to the chosen output.
  speak() {
    const id = this.used.speaker ?? "";
    document.querySelector("[data-theirs]")?.setSinkId?.(id).catch(() => {});
    output(id).catch(() => {});
  }

  // The controls of a page.
  serve(signal) {
    document.addEventListener("change", (event) => {
      const { use } = event.target.dataset;
      if (use) this.use(use, event.target.value);
    }, { signal });
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-sound], [data-again]");
      if (!button) return;
      if (button.dataset.again !== undefined) { this.start(); return; }
      scale();
      document.querySelectorAll("[data-played]").forEach((words) => { words.hidden = false; });
    }, { signal });
    this.show();
    if (this.open) this.list();
  }
}

const canvas = document.createElement("canvas");
[canvas.width, canvas.height] = [32, 18];

function brightness(video) {
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(video, 0, 0, canvas.width, canvas.height);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) sum += 0.21 * data[at] + 0.72 * data[at + 1] + 0.07 * data[at + 2];
  return sum / (data.length / 4);
}
