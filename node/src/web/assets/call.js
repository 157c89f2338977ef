// The call as the page sees it. What is true stands on `#call`, drawn by the node: its state, and
// whether microphone and camera are on. Here devices and the connection follow it: opened while
// one waits, so that answering is quick, and given tracks only while two people speak.

import { Connection } from "./connection.js";
import { Devices } from "./devices.js";
import { onFragment } from "./events.js";
import { morph } from "./morph.js";
import { post } from "./post.js";
import { Presence } from "./presence.js";
import { hush, ring, ringOnce } from "./tones.js";

const AGAIN_MS = [500, 1000, 2000, 4000];
const LIGHT_MS = 6000;
const GONE = "guichet-gone";

const devices = new Devices(() => show(), (kind) => state !== "speaking" || presence.wants(kind, sent()));
let presence = new Presence(JSON.parse(sessionStorage.getItem(GONE) ?? "[]"));
let connection = null;
let state = "none";
let tries = 0;
let trying = null;
let title = "";
let marked = false;
let lost = "";

const box = () => document.getElementById("call");
const theirs = () => document.querySelector("[data-theirs]");
const own = () => document.querySelector("[data-own]");

// Whether something is open that a new document would tear down.
export function live() { return connection !== null || devices.open; }

export function call(signal) {
  [title, marked] = [document.title, false];
  onFragment("#call", (now, next) => { morph(now, next); follow(); });
  document.addEventListener("submit", switched, { signal, capture: true });
  document.addEventListener("refused", () => show(), { signal });
  document.addEventListener("click", clicked, { signal });
  devices.serve(signal);
  // A page that begins has its own focus.
  follow(null);
}

function follow(before = state) {
  state = box()?.dataset.call ?? "none";
  named();
  called();
  if (state === "none") release();
  else begin();
  show();
  if (before !== null && before !== state) refocus();
}

// What had the focus may be gone with the state it belonged to: reading goes on at the call.
function refocus() {
  if (document.activeElement !== document.body || !box()) return;
  box().tabIndex = -1;
  box().focus({ preventScroll: true });
}

// The title of the page tells those who look at another window.
function named() {
  const mark = box()?.dataset.title;
  if (mark) document.title = `● ${mark}`;
  else if (marked) document.title = title;
  marked = Boolean(mark);
}

// An adviser calls: the page rings, and nothing else can be touched before an answer.
function called() {
  const dialog = document.querySelector("[data-ring]");
  if (!dialog) { hush(); return; }
  ring();
  if (dialog.matches(":modal")) return;
  dialog.removeAttribute("open");
  dialog.showModal();
  // The answer has the focus; who calls is read first, however large the text.
  dialog.scrollTop = 0;
}

async function begin() {
  devices.show();
  // The connection needs no devices: it is made while they are opened, which may take a while.
  connect();
  // Asked for once: what is refused is asked for again by hand.
  await (devices.wanted ? devices.starting : devices.start());
  if (state === "none") { release(); return; }
  show();
}

async function connect() {
  if (connection || trying || state === "none") return;
  if (typeof RTCPeerConnection === "undefined") return;
  const mine = new Connection(() => { connection = null; again(); });
  connection = mine;
  try {
    await mine.open();
    tries = 0;
    trouble("");
  } catch (refused) {
    mine.close();
    if (connection !== mine) return;
    connection = null;
    // Refused for good: it is said, and the call goes on in writing.
    if (refused.status >= 400 && refused.status < 500 && refused.status !== 404) trouble([refused.told.title, refused.told.todo].filter(Boolean).join(" "));
    else again();
  }
  show();
}

function again() {
  clearTimeout(trying);
  if (state === "none") return;
  trying = setTimeout(() => { trying = null; connect(); }, AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
  tries += 1;
}

function release() {
  clearTimeout(trying);
  [trying, tries] = [null, 0];
  connection?.close();
  connection = null;
  devices.stop();
  presence = new Presence();
  sessionStorage.removeItem(GONE);
  trouble("");
}

// Pictures and tracks as the state wants them.
function show() {
  const speaking = state === "speaking";
  const [audio, video] = [devices.audio, devices.video];
  const on = box()?.dataset ?? {};
  // What is tried out before a call is one's own; in a call it is as the node has it.
  if (audio) audio.enabled = !speaking || on.audio === "true";
  if (video) video.enabled = !speaking || on.video === "true";
  connection?.send(speaking ? { audio, video } : { audio: null, video: null });
  picture(own(), video && !(speaking && on.video !== "true") ? video : null);
  if (speaking) confess(on);
  admit(speaking);
  const other = theirs();
  if (!other) return;
  const stream = speaking ? connection?.stream ?? null : null;
  if (other.srcObject !== stream) {
    other.srcObject = stream;
    devices.speak();
  }
  other.hidden = !stream;
  if (stream) play(other);
}

function sent(on = box()?.dataset ?? {}) { return { audio: on.audio === "true", video: on.video === "true" }; }

// What is not there is not sent: the other side reads so instead of seeing and hearing nothing.
function confess(on) {
  if (devices.starting || !devices.wanted) return;
  const wish = presence.settle(sent(on), { audio: devices.audio !== null, video: devices.video !== null });
  sessionStorage.setItem(GONE, JSON.stringify([...presence.gone]));
  if (wish) post("/call/sending", wish).catch(() => {});
}

// A device that is not there was not turned off: the words beside it, and what to do if it went.
function admit(speaking) {
  const gone = ["audio", "video"].filter((kind) => speaking && presence.gone.has(kind) && devices.missing(kind));
  document.querySelectorAll("[data-gone]").forEach((words) => { words.hidden = !gone.includes(words.dataset.gone); });
  document.querySelectorAll("[data-there]").forEach((words) => { words.hidden = gone.includes(words.dataset.there); });
  const place = document.querySelector("[data-call-trouble]");
  const words = gone.filter((kind) => devices.had.has(kind)).map((kind) => place?.dataset[kind]).join(" ");
  if (words === lost) return;
  lost = words;
  trouble(words);
}

function picture(video, track) {
  if (!video) return;
  video.hidden = !track;
  if (track && video.srcObject?.getVideoTracks()[0] !== track) video.srcObject = new MediaStream([track]);
  if (!track) video.srcObject = null;
}

// A browser may hold sound back until a gesture: then a button asks for one.
function play(video) {
  video.play().then(() => hold(false), (refused) => { if (refused.name === "NotAllowedError") hold(true); });
}

function hold(held) {
  const place = document.querySelector("[data-held-back]");
  if (place) place.hidden = !held;
}

// Turned off here before anybody is asked: what is muted must not wait for an answer. Turned on,
// what was not there is looked for again.
function switched(event) {
  const button = event.submitter;
  if (button?.dataset.switch === undefined) return;
  const track = devices[button.name];
  presence.turned(button.name);
  if (track && button.value === "false") track.enabled = false;
  if (!track && button.value === "true") devices.start([button.name]).then(show);
}

function clicked(event) {
  if (event.target.closest("[data-unmute]")) play(theirs());
  if (event.target.closest("[data-signal]")) signal();
}

// Shows how one is called, once.
function signal() {
  const light = document.querySelector("[data-signal-light]");
  if (!light) return;
  ringOnce();
  light.hidden = false;
  setTimeout(() => { light.hidden = true; }, LIGHT_MS);
}

function trouble(words) {
  const place = document.querySelector("[data-call-trouble]");
  if (!place) return;
  place.textContent = words;
  place.hidden = !words;
}
