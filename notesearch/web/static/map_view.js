// Where the points of a map are on the screen, and which of them is there.

const WIDEST = 1.7; // a wide page may stretch the square so far, and no farther
const CELLS = 48;
const MOST_ZOOM = 60;

export class MapView {
  constructor(notes) {
    this.notes = notes;
    this.width = this.height = 1;
    this.zoom = 1;
    this.centreX = this.centreY = 0.5; // of the map, from 0 to 1, in the middle of the screen
    this.cells = new Map();
    notes.forEach((note, at) => {
      const key = cellOf(note.x) * CELLS + cellOf(note.y);
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(at);
    });
  }

  resize(width, height) {
    this.width = Math.max(width, 1);
    this.height = Math.max(height, 1);
  }

  // Pixels for the whole side of the map.
  get sideX() {
    return Math.min(this.width, this.height * WIDEST) * this.zoom;
  }

  get sideY() {
    return Math.min(this.height, this.width * WIDEST) * this.zoom;
  }

  screenX(x) {
    return this.width / 2 + (x - this.centreX) * this.sideX;
  }

  screenY(y) {
    return this.height / 2 + (y - this.centreY) * this.sideY;
  }

  mapX(screenX) {
    return this.centreX + (screenX - this.width / 2) / this.sideX;
  }

  mapY(screenY) {
    return this.centreY + (screenY - this.height / 2) / this.sideY;
  }

  // Zoom so that what is under a place of the screen stays there.
  zoomAt(factor, screenX, screenY) {
    const [x, y] = [this.mapX(screenX), this.mapY(screenY)];
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), MOST_ZOOM);
    this.centreX += x - this.mapX(screenX);
    this.centreY += y - this.mapY(screenY);
    this.keepInside();
  }

  pan(pixelsX, pixelsY) {
    this.centreX -= pixelsX / this.sideX;
    this.centreY -= pixelsY / this.sideY;
    this.keepInside();
  }

  reset() {
    this.zoom = 1;
    this.centreX = this.centreY = 0.5;
  }

  // The middle of the screen may not leave what the whole map covers.
  keepInside() {
    const room = 0.5 - 0.5 / this.zoom;
    this.centreX = Math.min(Math.max(this.centreX, 0.5 - room), 0.5 + room);
    this.centreY = Math.min(Math.max(this.centreY, 0.5 - room), 0.5 + room);
  }

  // Bring a note into view, with some room around it.
  show(at) {
    const note = this.notes[at];
    const [x, y] = [this.screenX(note.x), this.screenY(note.y)];
    const edge = Math.min(this.width, this.height) / 10;
    if (x < edge || x > this.width - edge || y < edge || y > this.height - edge) {
      this.centreX = note.x;
      this.centreY = note.y;
      this.keepInside();
    }
  }

  // The note nearest to a place of the screen, at most so many pixels away; -1 where there is none.
  nearest(screenX, screenY, within) {
    const [fromX, toX] = [this.mapX(screenX - within), this.mapX(screenX + within)];
    const [fromY, toY] = [this.mapY(screenY - within), this.mapY(screenY + within)];
    let [found, least] = [-1, within * within];
    for (const at of this.inCells(fromX, toX, fromY, toY)) {
      const dx = this.screenX(this.notes[at].x) - screenX;
      const dy = this.screenY(this.notes[at].y) - screenY;
      if (dx * dx + dy * dy <= least) [found, least] = [at, dx * dx + dy * dy];
    }
    return found;
  }

  // All notes in a frame of the screen, in the order of the notes.
  within(left, top, right, bottom) {
    const [fromX, toX] = [this.mapX(left), this.mapX(right)];
    const [fromY, toY] = [this.mapY(top), this.mapY(bottom)];
    return this.inCells(fromX, toX, fromY, toY)
      .filter((at) => {
        const { x, y } = this.notes[at];
        return x >= fromX && x <= toX && y >= fromY && y <= toY;
      })
      .sort((one, other) => one - other);
  }

  inCells(fromX, toX, fromY, toY) {
    const found = [];
    for (let column = cellOf(fromX); column <= cellOf(toX); column++) {
      for (let row = cellOf(fromY); row <= cellOf(toY); row++) {
        found.push(...(this.cells.get(column * CELLS + row) ?? []));
      }
    }
    return found;
  }

  // The next note in a direction: near, and not far off the line.
  next(from, dirX, dirY) {
    const start = this.notes[from];
    let [found, least] = [from, Infinity];
    this.notes.forEach((note, at) => {
      const dx = (note.x - start.x) * this.sideX;
      const dy = (note.y - start.y) * this.sideY;
      const along = dx * dirX + dy * dirY;
      const across = Math.abs(dx * dirY) + Math.abs(dy * dirX);
      if (at === from || along <= 0 || across > along * 3) return;
      if (along + 2 * across < least) [found, least] = [at, along + 2 * across];
    });
    return found;
  }
}

function cellOf(value) {
  return Math.min(Math.max(Math.floor(value * CELLS), 0), CELLS - 1);
}
