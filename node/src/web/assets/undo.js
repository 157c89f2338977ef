// What one has written oneself into a text that others write too, so that it can be taken back.
// The browser's own memory of it ends with every change from elsewhere. Nothing here knows a page:
// changes come in, and what to change comes out; positions are UTF-16 units of the present text.
//
// An entry is one change of one's own: the `ranges` of the text that it put in, and `removed`,
// what stood `at` before. The last entry is told in the present text, each one before it in the
// text as it was before the next: own changes are only ever taken back from the last one on.

const ENTRIES_MAX = 200;
const PAUSE_MS = 1000;

export class Undo {
  constructor() {
    this.done = [];
    this.undone = [];
  }

  // One's own change. What is typed in one go is one entry, word by word.
  own({ at, insert }, removed, now) {
    this.undone = [];
    const last = this.done.at(-1);
    const goesOn = last && now - last.time < PAUSE_MS && !removed && last.ranges.length === 1
      && last.ranges[0][1] === at && !(/\s$/.test(last.end) && /^\S/.test(insert));
    if (goesOn) {
      last.ranges[0][1] += insert.length;
      last.end = insert;
      last.time = now;
      return;
    }
    this.done.push({ at, ranges: insert ? [[at, at + insert.length]] : [], removed, end: insert, time: now });
    if (this.done.length > ENTRIES_MAX) this.done.shift();
  }

  // Another's change: what was one's own stays one's own, wherever it stands now.
  other(change) {
    for (const stack of [this.done, this.undone]) {
      let seen = [{ at: change.at, delete: change.delete, insert: change.insert.length }];
      for (let place = stack.length - 1; place >= 0; place -= 1) {
        seen = seen.flatMap((one) => through(stack[place], one));
      }
    }
  }

  // Takes one's last change back: the edits to make, in this order; nothing if there is none.
  undo(text) { return turn(this.done, this.undone, text); }

  // Makes again what was last taken back.
  redo(text) { return turn(this.undone, this.done, text); }
}

function turn(from, to, text) {
  const entry = from.pop();
  if (!entry) return [];
  let { at } = entry;
  const edits = [];
  let taken = "";
  for (const [begin, end] of [...entry.ranges].reverse()) {
    edits.push({ at: begin, delete: end - begin, insert: "" });
    taken = text.slice(begin, end) + taken;
    if (begin < at) at -= Math.min(at, end) - begin;
  }
  if (entry.removed) edits.push({ at, delete: 0, insert: entry.removed });
  const ranges = entry.removed ? [[at, at + entry.removed.length]] : [];
  to.push({ at, ranges, removed: taken, end: "", time: -Infinity });
  return edits;
}

// Where an entry stands after another's change.
function moved(entry, { at, delete: gone, insert }) {
  const end = at + gone;
  const leads = entry.ranges[0]?.[0] === entry.at;
  const shift = (place, stays) => {
    if (place < at || place === at && stays) return place;
    if (stays) return place > end ? place - gone + insert : at;
    return place >= end ? place - gone + insert : at + insert;
  };
  entry.ranges = entry.ranges.flatMap(([begin, close]) => {
    // Into the middle of one's own: the two halves stay one's own, what is new between does not.
    if (begin < at && end < close) return [[begin, at], [at + insert, close - gone + insert]];
    return [[shift(begin, false), shift(close, true)]];
  }).filter(([begin, close]) => begin < close);
  entry.at = leads && entry.ranges.length > 0 ? entry.ranges[0][0] : shift(entry.at, true);
}

// Moves an entry, and gives another's change as it would have been before it: without what the
// entry put in, and around what it removed, which the other did not see.
function through(entry, change) {
  const before = (place) => {
    const own = entry.ranges.filter(([begin]) => begin < place);
    const put = own.reduce((sum, [begin, end]) => sum + Math.min(place, end) - begin, 0);
    return place - put + (place > entry.at ? entry.removed.length : 0);
  };
  const { at, delete: gone, insert } = change;
  const begin = before(entry.at);
  const end = begin + entry.removed.length;
  const [from, to] = [before(at), before(at + gone)];
  const around = at <= entry.at && entry.at <= at + gone;
  moved(entry, change);
  if (!around) return [{ at: from, delete: to - from, insert }];
  // Whether what the other put in stands before the place of what was removed.
  const first = entry.at > at;
  return [
    { at: end, delete: Math.max(0, to - end), insert: first ? 0 : insert },
    { at: from, delete: begin - from, insert: first ? insert : 0 },
  ];
}
