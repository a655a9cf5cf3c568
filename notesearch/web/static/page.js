// The script of the page: answers while typing, links that change a part of the page alone, keys,
// and news from the server. Without it everything works as links and a form.

const main = document.querySelector("#main");
const input = document.querySelector("#q");
const said = document.querySelector("#said");
const doing = document.querySelector("#doing");
const trouble = document.querySelector("#trouble");
const keys = document.querySelector("#keys");
const PAUSE = 90; // milliseconds without a key, after which a question is asked

let asking = null; // what ends the request that is under way
let shown = location.pathname + location.search; // or asked for, to be shown

/**
 * Show the part of a page that an address leads to; true unless something newer was asked for.
 * Whoever types keeps the last answer below what is wrong with a line that is not whole yet.
 */
async function show(address, { focus = false, typing = false } = {}) {
  asking?.abort();
  asking = new AbortController();
  shown = address.split("#")[0];
  const { signal } = asking;
  try {
    const answer = await fetch(address, { headers: { "X-Part": "main" }, signal });
    const text = await answer.text();
    if (signal.aborted) return false;
    if (!answer.headers.get("Content-Type")?.startsWith("text/html")) throw new Error(text);
    put(text, typing);
    trouble.hidden = true;
    if (focus) main.focus({ preventScroll: true });
    return true;
  } catch (error) {
    if (error.name === "AbortError") return false;
    trouble.hidden = false; // what is shown is of another question
    main.replaceChildren();
    return false;
  }
}

/** Put a part of a page in the place of the one that is shown. */
function put(text, typing) {
  const part = new DOMParser().parseFromString(text, "text/html");
  const error = part.querySelector(".error");
  if (typing && error) {
    main.querySelector(".error")?.remove();
    main.prepend(error);
    say(error.dataset.said);
    return;
  }
  document.title = part.title;
  part.querySelector("title")?.remove();
  main.replaceChildren(...part.head.childNodes, ...part.body.childNodes);
  narrow();
  say(main.querySelector("[data-said]")?.dataset.said ?? "");
}

function say(text) {
  said.textContent = text;
}

/** On a narrow screen, filters are closed until they are asked for. */
function narrow() {
  if (matchMedia("(max-width: 56rem)").matches) {
    for (const part of main.querySelectorAll(".facets, .about")) part.removeAttribute("open");
  }
}

// ------------------------------------------------------------ asking

let pause = 0;
let typed = false; // since the last address was kept in the history

function address_of(line) {
  return line ? `/?${new URLSearchParams({ q: line })}` : "/";
}

function ask() {
  clearTimeout(pause);
  const address = address_of(input.value.trim());
  if (address === location.pathname + location.search) return;
  // The first letter makes a new step back; those after it change that step.
  keep_place();
  history[typed ? "replaceState" : "pushState"](null, "", address);
  typed = true;
  show(address, { typing: true }).then((is_shown) => is_shown && scrollTo(0, 0));
}

input.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(ask, PAUSE);
});

input.form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
  typed = false;
  main.querySelector(".title")?.focus();
});

function go(address, { stays = false } = {}) {
  clearTimeout(pause); // what was typed just before asks no more
  typed = false;
  keep_place();
  history.pushState(null, "", address);
  input.value = new URL(address, location).searchParams.get("q") ?? "";
  const at = scrollY;
  show(address, { focus: true }).then((is_shown) => {
    if (is_shown && stays) scrollTo(0, at);
    else if (is_shown) scroll_to_asked();
  });
}

/** Remember how far down the page was, for who comes back to it. */
function keep_place() {
  history.replaceState({ at: scrollY }, "");
}

function scroll_to_asked() {
  const wanted = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted) wanted.scrollIntoView({ block: "start" });
  else scrollTo(0, 0);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  const link = event.target.closest("a[href]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const address = new URL(link.href);
  const is_ours = address.origin === location.origin && !link.hasAttribute("download");
  if (!is_ours || /^\/(api|files|static)\b/.test(address.pathname)) return;
  if (address.hash && address.pathname + address.search === location.pathname + location.search) return;
  if (address.pathname === "/map" || location.pathname === "/map") return;
  event.preventDefault();
  go(address.pathname + address.search + address.hash, { stays: !!link.closest(".more") });
});

addEventListener("popstate", (event) => {
  const now = location.pathname + location.search;
  clearTimeout(pause);
  typed = false;
  input.value = new URLSearchParams(location.search).get("q") ?? "";
  if (location.pathname === "/map") location.reload();
  else if (now !== shown) {
    const at = event.state?.at;
    show(now).then((is_shown) => {
      if (is_shown && at !== undefined) scrollTo(0, at);
      else if (is_shown) scroll_to_asked();
    });
  }
});

async function copy(button) {
  const name = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
  }
  say(button.textContent);
  setTimeout(() => { button.textContent = name; }, 1200);
}

// ------------------------------------------------------------ the map

const LONGEST_LINE = 1900; // characters

/** Offer to ask among the notes in a frame, where a line can name them. */
document.addEventListener("frame", (event) => {
  const link = document.querySelector("#ask-these");
  const paths = [...new Set(event.detail.ids.map((id) => id.split("#")[0]))];
  const note = document.querySelector("#too-many");
  const line = `(${paths.map((path) => `path:"${path.replace(/["*?[]/g, "?")}"`).join(" OR ")})`;
  link.hidden = !paths.length || line.length > LONGEST_LINE;
  note.hidden = !paths.length || !link.hidden;
  if (link.hidden) link.removeAttribute("href");
  else link.href = address_of(line);
});

// ------------------------------------------------------------ keys

function step(by) {
  const titles = [...main.querySelectorAll(".hits .title")];
  const at = titles.indexOf(document.activeElement);
  const next = titles[Math.min(Math.max(at + by, 0), titles.length - 1)];
  next?.focus({ preventScroll: true });
  next?.closest("li").scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || keys.open) return;
  if (event.target === input) {
    if (event.key === "Escape") input.blur();
    if (event.key === "ArrowDown") { event.preventDefault(); step(1); }
    return;
  }
  if (event.target.closest("input, textarea, select")) return;
  const act = {
    "/": () => { input.focus(); input.select(); },
    "j": () => step(1),
    "k": () => step(-1),
    "u": () => history.back(),
    "?": () => keys.showModal(),
  }[event.key];
  if (act && !(event.target.closest("canvas") && "jku".includes(event.key))) {
    event.preventDefault();
    act();
  }
});

document.querySelector("#keys-open").addEventListener("click", () => keys.showModal());

// ------------------------------------------------------------ news

let events = null;
// A tab that was opened behind others may show what is old when somebody looks at it.
let stamp = document.hidden ? "" : null;

/** Listen while the page is in view: for all its tabs together a browser has six connections. */
function listen() {
  events?.close();
  events = document.hidden ? null : new EventSource("/events");
  if (!events) return;
  events.addEventListener("error", () => { // it goes on trying by itself
    doing.textContent = "The server does not answer.";
    doing.hidden = false;
  });
  events.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    const is_changed = stamp !== null && news.stamp !== stamp;
    stamp = news.stamp;
    doing.textContent = news.doing;
    doing.hidden = !news.doing;
    if (!is_changed) return;
    const map = document.querySelector("#map");
    if (map) map.dispatchEvent(new Event("reload"));
    else refresh();
  });
}

/** Show again what is shown, and keep the place: the notes behind it have changed. */
async function refresh() {
  const focused = document.activeElement?.getAttribute("href");
  const at = scrollY;
  if (!(await show(location.pathname + location.search))) return;
  if (focused) main.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  scrollTo(0, at);
}

document.addEventListener("visibilitychange", listen);
history.scrollRestoration = "manual"; // the browser would scroll before the page is there
narrow();
listen();
if (history.state?.at) scrollTo(0, history.state.at);
