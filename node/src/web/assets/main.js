// Everything here makes a page that already works quicker to follow: it saves by itself, shows
// what others do, and carries the call.

import { areas } from "./area.js";
import { beginnings } from "./begun.js";
import { call } from "./call.js";
import { clocks } from "./clock.js";
import { desk } from "./desk.js";
import { forget, listen } from "./events.js";
import { fields } from "./field.js";
import { locking } from "./locking.js";
import { navigating } from "./navigate.js";
import { orders } from "./order.js";
import { papers } from "./papers.js";
import { printing } from "./print.js";
import { reading } from "./reading.js";
import { sheets } from "./sheets.js";
import { visit } from "./visit.js";

let page = null;

// Begins a page; what the page before had set going ends first.
function begin() {
  page?.abort();
  page = new AbortController();
  const { signal } = page;
  forget();
  fields(signal);
  areas(signal);
  papers(signal);
  sheets(signal);
  printing();
  visit(signal);
  orders(signal);
  beginnings(signal);
  clocks(signal);
  call(signal);
  desk(signal);
  locking(signal);
  reading(signal);
  const known = document.querySelector("meta[name=guichet-token]")?.content;
  if (known && !document.querySelector("[data-unlive]")) listen(signal);
}

begin();
navigating(begin);
