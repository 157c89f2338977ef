// Everything here makes a page that already works quicker to follow: it saves by itself and shows
// what others do.

import { areas } from "./area.js";
import { listen } from "./events.js";
import { fields } from "./field.js";
import { papers } from "./papers.js";
import { visit } from "./visit.js";

fields();
areas();
papers();
visit();
if (document.querySelector("meta[name=guichet-token]")?.content) listen();
