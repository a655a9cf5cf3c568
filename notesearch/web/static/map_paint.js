// Colours for the notes of a map, and the picture of it on a canvas.

const COLOURS = 8;
const LONGEST_LABEL = 40;

// ------------------------------------------------------------ groups of notes with one colour

// By the commonest of the tags that label a region, which are those that say where a note stands.
export function groupByTag(notes, labels) {
  const counts = new Map();
  const written = new Map();
  const formsOf = notes.map((note) => new Set(note.tags.map(formOf)));
  notes.forEach((note) => note.tags.forEach((tag) => written.set(formOf(tag), tag)));
  formsOf.forEach((forms) => forms.forEach((form) => counts.set(form, (counts.get(form) ?? 0) + 1)));
  labels.forEach((label) => written.set(formOf(label.text), label.text));
  const labelling = new Set(labels.map((label) => formOf(label.text)));
  const rank = (form) => (labelling.has(form) ? 1e9 : 0) + counts.get(form);
  const chosen = [...counts.keys()]
    .filter((form) => counts.get(form) > 1 && counts.get(form) <= notes.length / 2)
    .sort((one, other) => rank(other) - rank(one) || (one < other ? -1 : 1))
    .slice(0, COLOURS)
    .sort((one, other) => counts.get(other) - counts.get(one));
  // A note of several of them has the colour of the rarest.
  const groups = chosen.map((form) => ({ name: written.get(form), form, notes: [] }));
  const rest = { name: "other", form: null, notes: [] };
  formsOf.forEach((forms, at) => {
    (groups.findLast((group) => forms.has(group.form)) ?? rest).notes.push(at);
  });
  groups.forEach((group, at) => (group.colour = `var(--map-${at + 1})`));
  return [...groups, rest];
}

// By the year of the paper, or else of the note: a few spans with about as many notes each.
export function groupByYear(notes) {
  const years = notes.map((note) => note.year ?? Number.parseInt(note.date ?? "", 10));
  const dated = years.filter(Number.isFinite).sort((one, other) => one - other);
  const groups = [];
  for (const year of dated) {
    const last = groups.at(-1);
    const isFull = last && last.size >= dated.length / COLOURS && groups.length < COLOURS;
    if (!last || (isFull && year !== last.to)) groups.push({ from: year, to: year, size: 1 });
    else Object.assign(last, { to: year, size: last.size + 1 });
  }
  groups.forEach((group, at) => {
    const share = groups.length > 1 ? Math.round((100 * at) / (groups.length - 1)) : 100;
    group.name = group.from === group.to ? `${group.from}` : `${group.from}–${group.to}`;
    group.colour = `color-mix(in oklch, var(--map-new) ${share}%, var(--map-old))`;
    group.notes = [];
  });
  const rest = { name: "no year", notes: [] };
  years.forEach((year, at) => {
    (groups.find((group) => year >= group.from && year <= group.to) ?? rest).notes.push(at);
  });
  return [...groups, rest];
}

function formOf(tag) {
  return tag.toLowerCase().replace(/[\s_-]+/g, "-");
}

// ------------------------------------------------------------ the picture

export class MapPainter {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.probe = document.createElement("span"); // knows what a colour of the style sheet is
    this.probe.hidden = true;
    canvas.after(this.probe);
    this.readColours();
  }

  readColours() {
    this.ink = this.resolve("var(--ink, CanvasText)");
    this.paper = this.resolve("var(--paper, Canvas)");
    this.accent = this.resolve("var(--accent, Highlight)");
    this.muted = this.resolve("var(--muted, GrayText)");
    this.font = getComputedStyle(this.canvas).fontFamily;
    this.dots = new Map();
  }

  resolve(colour) {
    this.probe.style.color = colour;
    return getComputedStyle(this.probe).color;
  }

  resize(width, height) {
    this.ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
  }

  // `state`: groups, labels, hovered and focused as numbers of notes, chosen as a set of them or
  // null, only as a group or null, frame as [left, top, right, bottom] or null.
  paint(view, state) {
    const { pen } = this;
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.clearRect(0, 0, view.width, view.height);
    const radius = radiusOf(view);
    for (const isFaint of [true, false]) {
      for (const group of [...state.groups].reverse()) {
        this.paintGroup(view, state, group, radius, isFaint);
      }
    }
    this.paintLabels(view, state.labels, radius);
    if (state.hovered >= 0) this.ring(view, state.hovered, radius + 2, this.ink);
    if (state.focused >= 0) this.ring(view, state.focused, radius + 4, this.accent);
    if (state.frame) this.paintFrame(state.frame);
  }

  paintGroup(view, state, group, radius, isFaint) {
    const colour = group.colour ?? "var(--muted, GrayText)";
    const dot = this.dotOf(colour, radius);
    const half = dot.width / this.ratio / 2;
    const isOther = state.only !== null && state.only !== group;
    this.pen.globalAlpha = isFaint ? 0.13 : group.colour ? 0.9 : 0.55;
    for (const at of group.notes) {
      const isLeftOut = isOther || (state.chosen !== null && !state.chosen.has(at));
      if (isLeftOut !== isFaint) continue;
      const x = view.screenX(view.notes[at].x);
      const y = view.screenY(view.notes[at].y);
      if (x < -half || y < -half || x > view.width + half || y > view.height + half) continue;
      this.pen.drawImage(dot, x - half, y - half, 2 * half, 2 * half);
    }
    this.pen.globalAlpha = 1;
  }

  // A dot is drawn once and copied: for 5,000 of them that is quicker than as many arcs.
  dotOf(colour, radius) {
    const key = `${colour} ${radius} ${this.ratio}`;
    if (this.dots.has(key)) return this.dots.get(key);
    if (this.dots.size > 200) this.dots.clear(); // of all the zooms before
    const dot = document.createElement("canvas");
    dot.width = dot.height = Math.ceil(2 * (radius + 1.5) * this.ratio);
    const pen = dot.getContext("2d");
    pen.translate(dot.width / 2, dot.height / 2);
    pen.scale(this.ratio, this.ratio);
    pen.beginPath();
    pen.arc(0, 0, radius, 0, 2 * Math.PI);
    pen.fillStyle = this.resolve(colour);
    pen.fill();
    pen.lineWidth = 0.75;
    pen.strokeStyle = this.paper;
    pen.stroke();
    this.dots.set(key, dot);
    return dot;
  }

  // Those that say most first, as long as they cover no other; each above its note.
  paintLabels(view, labels, radius) {
    const { pen } = this;
    const size = view.width < 500 ? 11 : 13;
    pen.font = `600 ${size}px ${this.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    const taken = [];
    for (const label of labels) {
      const text = shortened(label.text);
      const half = pen.measureText(text).width / 2 + 4;
      let [x, y] = [view.screenX(label.x), view.screenY(label.y)];
      if (x < 0 || x > view.width || y < 0 || y > view.height) continue;
      x = Math.min(Math.max(x, half), view.width - half);
      y = Math.max(y - radius - size * 0.7, size);
      const box = [x - half, y - size * 0.8, x + half, y + size * 0.8];
      if (taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      pen.strokeStyle = this.paper;
      pen.lineWidth = 4;
      pen.strokeText(text, x, y);
      pen.fillStyle = this.ink;
      pen.fillText(text, x, y);
    }
  }

  ring(view, at, radius, colour) {
    const { pen } = this;
    const { x, y } = view.notes[at];
    for (const [width, style] of [[5, this.paper], [2.5, colour]]) {
      pen.beginPath();
      pen.arc(view.screenX(x), view.screenY(y), radius, 0, 2 * Math.PI);
      pen.lineWidth = width;
      pen.strokeStyle = style;
      pen.stroke();
    }
  }

  paintFrame([left, top, right, bottom]) {
    const { pen } = this;
    pen.globalAlpha = 0.1;
    pen.fillStyle = this.accent;
    pen.fillRect(left, top, right - left, bottom - top);
    pen.globalAlpha = 1;
    pen.lineWidth = 1.5;
    pen.strokeStyle = this.accent;
    pen.strokeRect(left, top, right - left, bottom - top);
  }
}

export function radiusOf(view) {
  const small = Math.min(Math.max(90 / Math.sqrt(view.notes.length + 1), 2.2), 6);
  const radius = Math.min(small * (view.width < 500 ? 0.8 : 1) * view.zoom ** 0.35, 9);
  return Math.round(radius * 4) / 4; // in steps, so that zooming draws few kinds of dots
}

function shortened(text) {
  const letters = [...text];
  return letters.length > LONGEST_LABEL ? `${letters.slice(0, LONGEST_LABEL - 1).join("")}…` : text;
}

function overlap(one, other) {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}
