// What stands around the canvas of a map: tools, legend, state, tooltip, and a list of the notes.

const KEYS = "arrow keys go from note to note, Enter opens, plus and minus zoom, F frames what is shown";

export class MapParts {
  // `acts` has the functions that buttons call.
  constructor(canvas, acts) {
    this.canvas = canvas;
    this.acts = acts;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", "Map of all notes");
    this.tools = element("div", "map-tools");
    this.tools.setAttribute("role", "group");
    this.tools.setAttribute("aria-label", "Map");
    this.legend = element("ul", "map-legend");
    this.legend.setAttribute("aria-label", "Colours");
    this.status = element("p", "map-status");
    this.status.setAttribute("role", "status");
    this.tip = element("div", "map-tip");
    this.tip.hidden = true;
    this.list = element("ul", "map-list");
    this.list.setAttribute("aria-label", "Notes on the map");
    this.fillTools();
    canvas.before(this.tools);
    canvas.after(this.legend, this.status, this.list, this.tip);
  }

  fillTools() {
    const { acts } = this;
    const colour = element("label", "", "Colour by ");
    const kinds = element("select");
    for (const kind of ["tag", "year"]) kinds.append(new Option(kind, kind));
    kinds.addEventListener("change", () => acts.colourBy(kinds.value));
    colour.append(kinds);
    this.mover = button("Move", acts.toggleMoves, "Drag to move the map, instead of drawing a frame");
    this.mover.setAttribute("aria-pressed", "false");
    this.dropper = button("Drop the frame", acts.dropFrame);
    this.dropper.hidden = true;
    this.tools.append(
      colour,
      button("+", acts.zoomIn, "Zoom in (+)"),
      button("−", acts.zoomOut, "Zoom out (−)"),
      button("Whole map", acts.showAll),
      this.mover,
      this.dropper,
    );
  }

  nameCanvas(count) {
    this.canvas.setAttribute("aria-label", `Map of ${counted(count)}: ${KEYS}`);
  }

  showLegend(groups) {
    this.legend.replaceChildren(...groups.map((group) => {
      const press = button("", () => this.acts.showOnly(group));
      const dot = element("i");
      dot.style.background = group.colour ?? "var(--muted, GrayText)";
      press.append(dot, element("span", "", group.name), ` ${group.notes.length}`);
      press.setAttribute("aria-pressed", "false");
      press.group = group;
      const item = element("li");
      item.append(press);
      return item;
    }));
  }

  pressLegend(only) {
    for (const press of this.legend.querySelectorAll("button")) {
      press.setAttribute("aria-pressed", String(press.group === only));
    }
  }

  // Show a note's title beside a place of the window, or nothing for null.
  showTip(note, x, y) {
    this.tip.hidden = note === null;
    if (note === null) return;
    const about = [note.year ?? note.date, ...note.tags.slice(0, 4)].filter(Boolean).join(" · ");
    this.tip.replaceChildren(note.title, ...(about ? [element("small", "", about)] : []));
    const { offsetWidth, offsetHeight } = this.tip;
    const left = Math.min(x + 14, innerWidth - offsetWidth - 8);
    const top = y + 18 + offsetHeight > innerHeight ? y - offsetHeight - 12 : y + 18;
    this.tip.style.transform = `translate(${Math.max(left, 4)}px, ${Math.max(top, 4)}px)`;
  }

  // Say how many notes there are, or are in the frame, and list them for screen readers.
  showNotes(notes, isChoice, addressOf) {
    this.dropper.hidden = !isChoice;
    this.status.textContent = isChoice
      ? `${counted(notes.length)} in the frame`
      : notes.length
        ? `${counted(notes.length)}, those of like meaning side by side. Draw a frame to choose some.`
        : "There are no notes with text yet.";
    this.list.replaceChildren(...notes.map((note) => {
      const link = element("a", "", note.title);
      link.href = addressOf(note.id);
      link.tabIndex = -1; // thousands of stops for the Tab key would be in everybody's way
      const item = element("li");
      item.append(link);
      return item;
    }));
  }
}

function counted(notes) {
  return notes === 1 ? "1 note" : `${notes.toLocaleString("en")} notes`;
}

function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

function button(text, act, label = "") {
  const made = element("button", "", text);
  made.type = "button";
  if (label) made.setAttribute("aria-label", label);
  if (label) made.title = label;
  made.addEventListener("click", act);
  return made;
}
