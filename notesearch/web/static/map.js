// A map of all notes on a canvas: hover for a title, click to open, draw a frame to choose.
//
//   <canvas id="map" data-source="/api/map" data-note="/note/"></canvas>
//
// The source gives {notes: [{id, title, x, y, year, date, tags}], labels: [{text, x, y}]} with x and
// y from 0 to 1. The canvas sends events that bubble: `frame` with detail.ids, which are none when
// the choice is dropped, and `open` with detail.id, which a page may cancel to open the note itself.
// It takes `reload`, to read the source again, and sends `painted` after each picture. What stands in notes is written as text alone.

import { groupByTag, groupByYear, MapPainter } from "./map_paint.js";
import { MapParts } from "./map_parts.js";
import { MapView } from "./map_view.js";

const REACH = 12; // pixels around a note that count as the note
const DRAWN = 5; // pixels after which a press is no click
const STEP = 1.5; // of a zoom by key or button
const ZOOM_MS = 160;

class NoteMap {
  constructor(canvas) {
    this.canvas = canvas;
    this.painter = new MapPainter(canvas);
    this.view = new MapView([]);
    this.state = { groups: [], labels: [], hovered: -1, focused: -1, chosen: null, only: null, frame: null };
    this.colouring = "tag";
    this.moves = false; // whether a drag moves the map, instead of drawing a frame
    this.touches = new Map();
    this.isWaiting = false;
    this.parts = new MapParts(canvas, {
      colourBy: (kind) => this.colourBy(kind),
      zoomIn: () => this.zoomBy(STEP),
      zoomOut: () => this.zoomBy(1 / STEP),
      showAll: () => this.showAll(),
      toggleMoves: () => this.setMoves(!this.moves),
      dropFrame: () => this.choose(null),
      showOnly: (group) => this.showOnly(group),
    });
    this.listen();
  }

  // ---------------------------------------------------------- what is shown

  async load() {
    const { canvas, parts } = this;
    parts.status.textContent = "Working out where each note stands…";
    canvas.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(canvas.dataset.source, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`.trim());
      this.take(await answer.json());
    } catch (error) {
      parts.status.textContent = `The map could not be loaded (${error.message}); reload the page to try again.`;
    } finally {
      canvas.removeAttribute("aria-busy");
    }
  }

  take({ notes, labels }) {
    const { zoom, centreX, centreY, notes: before } = this.view;
    const chosen = this.state.chosen && new Set([...this.state.chosen].map((at) => before[at].id));
    this.view = Object.assign(new MapView(notes), { zoom, centreX, centreY });
    Object.assign(this.state, { labels, hovered: -1, focused: -1, only: null });
    this.state.chosen = chosen && new Set([...notes.keys()].filter((at) => chosen.has(notes[at].id)));
    this.parts.nameCanvas(notes.length);
    this.colourBy(this.colouring);
    this.showChoice();
    this.resize();
  }

  colourBy(kind) {
    this.colouring = kind;
    const { notes } = this.view;
    const groups = kind === "year" ? groupByYear(notes) : groupByTag(notes, this.state.labels);
    this.state.groups = groups.filter((group) => group.notes.length);
    this.state.only = null;
    this.parts.showLegend(this.state.groups);
    this.draw();
  }

  showOnly(group) {
    this.state.only = this.state.only === group ? null : group;
    this.parts.pressLegend(this.state.only);
    this.draw();
  }

  // ---------------------------------------------------------- drawing, at most once a frame

  draw() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.painter.paint(this.view, this.state);
      this.canvas.dispatchEvent(new CustomEvent("painted"));
    });
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    this.view.resize(clientWidth, clientHeight);
    this.painter.resize(clientWidth, clientHeight);
    this.draw();
  }

  recolour() {
    this.painter.readColours();
    this.draw();
  }

  showAll() {
    this.view.reset();
    this.draw();
  }

  zoomBy(factor, x = this.view.width / 2, y = this.view.height / 2) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.view.zoomAt(factor, x, y);
      this.draw();
      return;
    }
    const [start, from] = [performance.now(), this.view.zoom];
    const step = (now) => {
      const share = Math.min(Math.max((now - start) / ZOOM_MS, 0), 1);
      this.view.zoomAt((from * factor ** share) / this.view.zoom, x, y);
      this.draw();
      if (share < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  setMoves(moves) {
    this.moves = moves;
    this.parts.mover.setAttribute("aria-pressed", String(moves));
    this.canvas.classList.toggle("map-moves", moves);
  }

  // ---------------------------------------------------------- pointing at notes

  hover(x, y) {
    const at = this.view.nearest(x, y, REACH);
    this.canvas.classList.toggle("map-on-note", at >= 0);
    this.showTip(at, x, y);
    if (at === this.state.hovered) return;
    this.state.hovered = at;
    this.draw();
  }

  showTip(at, x, y) {
    const box = this.canvas.getBoundingClientRect();
    this.parts.showTip(this.view.notes[at] ?? null, box.left + x, box.top + y);
  }

  focus(at) {
    this.state.focused = at;
    this.state.hovered = -1;
    this.view.show(at);
    const note = this.view.notes[at];
    this.parts.status.textContent = note.title;
    this.showTip(at, this.view.screenX(note.x), this.view.screenY(note.y));
    this.draw();
  }

  open(at, inNewTab = false) {
    const { id } = this.view.notes[at];
    const event = new CustomEvent("open", { detail: { id }, bubbles: true, cancelable: true });
    if (!this.canvas.dispatchEvent(event)) return;
    if (inNewTab) window.open(this.addressOf(id), "_blank", "noopener");
    else location.assign(this.addressOf(id));
  }

  addressOf(id) {
    return (this.canvas.dataset.note ?? "/note/") + encodeURIComponent(id);
  }

  // ---------------------------------------------------------- choosing by a frame

  choose(numbers) {
    const had = this.state.chosen !== null;
    this.state.chosen = numbers && new Set(numbers);
    this.state.frame = null;
    this.showChoice();
    this.draw();
    if (!numbers && !had) return;
    const ids = (numbers ?? []).map((at) => this.view.notes[at].id);
    this.canvas.dispatchEvent(new CustomEvent("frame", { detail: { ids }, bubbles: true }));
  }

  showChoice() {
    const { chosen } = this.state;
    const shown = chosen ? [...chosen].map((at) => this.view.notes[at]) : this.view.notes;
    this.parts.showNotes(shown, chosen !== null, (id) => this.addressOf(id));
  }

  // ---------------------------------------------------------- mouse, fingers, keys

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("pointercancel", (event) => this.release(event, true));
    canvas.addEventListener("pointerleave", () => this.hover(-1e6, -1e6));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode ? 16 : 1);
      this.view.zoomAt(1.0015 ** -pixels, event.offsetX, event.offsetY);
      this.draw();
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.type(event));
    canvas.addEventListener("blur", () => {
      this.parts.tip.hidden = true;
      this.state.focused = -1;
      this.draw();
    });
    canvas.addEventListener("reload", () => this.load());
    new ResizeObserver(() => this.resize()).observe(canvas);
    for (const about of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(about).addEventListener("change", () => this.recolour());
    }
    const themes = { attributes: true, attributeFilter: ["class", "data-theme"] };
    new MutationObserver(() => this.recolour()).observe(document.documentElement, themes);
  }

  press(event) {
    if (event.button > 1) return;
    this.canvas.setPointerCapture(event.pointerId);
    const { offsetX: x, offsetY: y } = event;
    const moves = this.moves !== event.shiftKey || event.button === 1;
    this.touches.set(event.pointerId, { x, y, startX: x, startY: y, moves });
    if (event.button === 1) event.preventDefault();
    if (this.touches.size > 1) this.state.frame = null;
  }

  drag(event) {
    const { offsetX: x, offsetY: y } = event;
    const touch = this.touches.get(event.pointerId);
    if (!touch) {
      this.hover(x, y);
      return;
    }
    const before = [...this.touches.values()].map((one) => ({ ...one }));
    Object.assign(touch, { x, y, isDrawn: touch.isDrawn || apart(touch, x, y) > DRAWN });
    if (this.touches.size > 1) this.pinch(before, [...this.touches.values()]);
    else if (!touch.isDrawn) return;
    else if (touch.moves) this.view.pan(x - before[0].x, y - before[0].y);
    else this.state.frame = frameOf(touch);
    this.hover(-1e6, -1e6);
    this.draw();
  }

  pinch(before, after) {
    const middle = (ends) => [(ends[0].x + ends[1].x) / 2, (ends[0].y + ends[1].y) / 2];
    const length = (ends) => Math.hypot(ends[0].x - ends[1].x, ends[0].y - ends[1].y) || 1;
    const [[fromX, fromY], [toX, toY]] = [middle(before), middle(after)];
    this.view.pan(toX - fromX, toY - fromY);
    this.view.zoomAt(length(after) / length(before), toX, toY);
    for (const touch of after) Object.assign(touch, { isDrawn: true, moves: true });
  }

  release(event, isCancelled = false) {
    const touch = this.touches.get(event.pointerId);
    this.touches.delete(event.pointerId);
    if (!touch) return;
    if (isCancelled) this.state.frame = null;
    else if (this.state.frame) this.choose(this.view.within(...this.state.frame));
    else if (!touch.isDrawn) this.click(touch, event);
    this.draw();
  }

  click(touch, event) {
    const at = this.view.nearest(touch.x, touch.y, REACH);
    if (at >= 0) this.open(at, event.ctrlKey || event.metaKey || event.button === 1);
    else this.choose(null);
  }

  type(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.view.notes.length) return;
    const { focused } = this.state;
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const actions = {
      Enter: () => focused >= 0 && this.open(focused),
      Home: () => this.focus(this.middle()),
      Escape: () => this.choose(null),
      f: () => this.choose(this.view.within(0, 0, this.view.width, this.view.height)),
      "+": () => this.zoomAtFocus(STEP),
      "=": () => this.zoomAtFocus(STEP),
      "-": () => this.zoomAtFocus(1 / STEP),
      0: () => this.showAll(),
    };
    const direction = directions[event.key];
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (direction) this.focus(focused < 0 ? this.middle() : this.view.next(focused, ...direction));
    else if (action) action();
    else return;
    event.preventDefault();
    event.stopPropagation(); // the page has keys of its own
  }

  middle() {
    return this.view.nearest(this.view.width / 2, this.view.height / 2, 1e6);
  }

  zoomAtFocus(factor) {
    const note = this.view.notes[this.state.focused];
    if (note) this.zoomBy(factor, this.view.screenX(note.x), this.view.screenY(note.y));
    else this.zoomBy(factor);
  }
}

function apart(touch, x, y) {
  return Math.hypot(x - touch.startX, y - touch.startY);
}

function frameOf({ startX, startY, x, y }) {
  return [Math.min(startX, x), Math.min(startY, y), Math.max(startX, x), Math.max(startY, y)];
}

const canvas = document.getElementById("map");
if (canvas) new NoteMap(canvas).load();
