// Keeps the page of a job true while one watches: greys what its state no longer allows, shows
// what it allows since somebody else paused or resumed it, says when the connection is lost and what is
// shown is old, brings the rows when somebody asks for them, and at the end everything that depends on
// it. Without this file the same is a link.
//
// Owns nothing of the summary, which changes by itself. What is brought is put into what is there:
// focus, scroll and whatever one points at stay.

const AT_MOST_LATER_MS = 2000;
// A feed that is back at once was not missed.
const LOST_AFTER_MS = 5000;
// As long as the server asks browsers to wait before they try again.
const AGAIN_SECONDS = 3;
const BACK_MS = 10_000;
const OVER = ["finished", "cancelled", "denied", "expired"];
const IN_PLACE = ["#phones", "#about", ".foot > p"];

const summary = document.querySelector(".job-summary.is-live");
// What somebody is to decide, and what can be done afterwards, is another page: it is opened anew.
const waits = document.querySelector("#approval");
// The page hands over what is said here in its language; English is here.
const WORDS = JSON.parse(document.querySelector("[data-words]")?.dataset.words ?? "{}");
const say = (text, values = {}) =>
  (WORDS[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
let asked = false;
let missing, lost, since, given;

if (summary) {
  const feed = new URL(`${location.pathname}/feed`, location.href).href;
  document.addEventListener("feed", ({ detail: { kind, url, refused } }) => {
    if (url === feed) (kind === "open" ? found : miss)(refused);
  });
  new MutationObserver(look).observe(summary, { attributeFilter: ["data-state", "data-result"] });
  document.querySelector(".rows-changed").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (summary.dataset.result) asked = true;
    bring().then((brought) => {
      if (!brought) location.reload();
      // What one pressed is gone now.
      else if (document.activeElement === document.body) focusOn(document.querySelector("#phones-heading"));
    });
  });
  // What is greyed keeps the focus, and does nothing.
  for (const kind of ["click", "submit"]) {
    document.querySelector(".page-actions").addEventListener(kind, (event) => {
      if (event.target.closest(".job-control")?.querySelector("[aria-disabled]")) event.preventDefault();
    });
  }
  // Whoever decides here is led on by their answer.
  waits?.addEventListener("submit", () => { asked = true; });
  look();
  // Tabs count as the score does; what they lead to waits until somebody asks for it.
  new MutationObserver(count).observe(summary.querySelector(".score"), { subtree: true, childList: true, characterData: true });
  count();
}

function count() {
  for (const told of summary.querySelectorAll(".score a")) {
    const tab = [...document.querySelectorAll("#phones .tabs a")].find(({ href }) => href === told.href)?.querySelector(".count");
    const number = told.querySelector(".score-number").textContent;
    if (tab && tab.textContent !== number) tab.textContent = number;
  }
}

/** From here on nothing is heard; soon that is said. A feed that is refused for good is not tried again. */
function miss(refused) {
  if (isOver()) return;
  given = refused;
  if (lost) return sayLost();
  since ??= clock();
  missing ??= setTimeout(tellLost, LOST_AFTER_MS);
}

/** In the place for messages: nothing moves for it. What is left of the time is no longer known. */
function tellLost() {
  if (isOver()) return;
  summary.dataset.lost = "";
  lost = document.createElement("p");
  lost.className = "toast";
  sayLost();
  document.querySelector(".toasts").append(lost);
}

/** Said once, and again where it is tried no more. */
function sayLost() {
  const told = { time: since, count: AGAIN_SECONDS };
  const text = given
    ? say("Connection lost. These numbers are of {time}.", told)
    : say("Connection lost. These numbers are of {time}; trying again every {count} seconds.", told);
  if (lost.firstChild?.data.trim() === text) return;
  const link = document.createElement("a");
  link.href = location.pathname + location.search;
  link.textContent = say("Reload");
  lost.replaceChildren(`${text} `, link);
}

function found() {
  clearTimeout(missing);
  if (lost) {
    lost.textContent = say("Connected again at {time}. The numbers are current.", { time: clock() });
    setTimeout((note) => note.remove(), BACK_MS, lost);
  }
  missing = lost = since = undefined;
  delete summary.dataset.lost;
}

function clock() {
  const digits = "2-digit";
  return new Date().toLocaleTimeString(document.documentElement.lang, { hour: digits, minute: digits, second: digits, hourCycle: "h23" });
}

function isOver() {
  return OVER.includes(summary.dataset.state);
}

function look() {
  const { state, result } = summary.dataset;
  if (result) document.title = `${result} · ${document.querySelector("h1").textContent}`;
  for (const control of document.querySelectorAll("[data-while]")) {
    const off = !control.dataset.while.split(" ").includes(state);
    grey(control.querySelector(".button"), off);
    if (off || !control.hidden) continue;
    control.hidden = false;
    // What one's own last press came to holds no more.
    document.querySelector(".flash-region")?.classList.add("is-gone");
  }
  if (asked) return;
  if (waits && state !== "awaiting_approval") {
    asked = true;
    setTimeout(() => location.replace(document.querySelector(".rows-changed").href), Math.random() * AT_MOST_LATER_MS);
  }
  if (!isOver() || asked) return;
  asked = true;
  // Not everybody who watches at the same moment.
  summary.dataset.brings = "";
  setTimeout(bring, Math.random() * AT_MOST_LATER_MS);
}

/** In the past tense, where it is true. */
function sayNothingWrong() {
  const place = summary.querySelector(".causes:not(:has(.cause)) .no-cause");
  if (!place) return;
  const late = summary.querySelector('.score a[href*="state=expired"] .score-number')?.textContent !== "0";
  place.textContent = summary.dataset.state === "finished" && !late ? say("Nothing went wrong.") : "";
}

function grey(button, off) {
  if (off) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
}

/** Fetches the page anew and puts what changed in place; false where that was not possible. */
async function bring() {
  const fresh = await read(location.pathname + location.search);
  const had = document.activeElement;
  if (fresh) inPlace(() => put(fresh));
  if (fresh) count();
  delete summary.dataset.brings;
  if (!fresh) return false;
  if (isOver()) {
    sayNothingWrong();
    summary.dataset.brought = "";
  }
  if (had && !had.isConnected) focusOn(document.querySelector("#phones-heading"));
  return true;
}

/** As it is asked for by anybody. The browser makes it a page: text may not become one here. */
function read(path) {
  return new Promise((found) => {
    const request = new XMLHttpRequest();
    request.open("GET", path);
    request.responseType = "document";
    request.onload = () => {
      const there = request.status === 200 && request.responseURL === new URL(path, location.href).href;
      found(there && request.response?.querySelector("#phones") ? request.response : null);
    };
    request.onerror = () => found(null);
    request.send();
  });
}

/** What one points at, or else has the focus on, stays where it is seen, though rows above it grow. */
function inPlace(change) {
  const below = [...document.querySelectorAll(":is(#phones, #about) :is(:hover, :focus)")].at(-1);
  if (!below) return change();
  const root = document.documentElement;
  const before = below.getBoundingClientRect().top;
  // Else the browser would make up for the same once more.
  root.classList.add("is-changing");
  change();
  if (below.isConnected) scrollBy({ top: below.getBoundingClientRect().top - before, behavior: "instant" });
  requestAnimationFrame(() => root.classList.remove("is-changing"));
}

function put(fresh) {
  for (const part of IN_PLACE) become(document.querySelector(part), fresh.querySelector(part));
  for (const part of ["#go-on", "#held"]) mayCome(fresh, part, "#phones");
  mayCome(fresh, "#retry", "#about");
  running(fresh.querySelector(".running"));
  // What changes by itself changes no more.
  const causes = [document, fresh].map((page) => page.querySelector(".causes"));
  if (isOver() && causes.every(Boolean)) become(...causes);
  const controls = document.querySelector(".controls");
  const now = fresh.querySelector(".controls");
  if (controls && now) become(controls, now);
  if (document.querySelector(".later") && !now) end(fresh);
}

/** A part that is only there at times. One that went leaves its room. */
function mayCome(fresh, part, before) {
  const [old, now] = [document.querySelector(part), fresh.querySelector(part)];
  old?.classList.toggle("is-gone", !now);
  if (old && now) become(old, now);
  else if (now) document.querySelector(before).before(document.importNode(now, true));
}

function running(now) {
  const old = document.querySelector(".running");
  old?.classList.toggle("is-gone", !now);
  if (old && now) become(old, now);
}

/** What can be done now stands where the bell was; what could be done before stays, greyed. */
function end(fresh) {
  const later = document.querySelector(".later");
  const retry = later.querySelector(".to-retry");
  if (fresh.querySelector("#retry")) retry?.setAttribute("href", "#retry");
  else retry?.classList.add("is-gone");
  later.classList.add("is-now");
}

/** Makes one element say what the other says, and touches nothing that says it already. */
function become(old, now) {
  if (old.nodeName !== now.nodeName) {
    old.replaceWith(document.importNode(now, true));
  } else if (old.nodeType === Node.ELEMENT_NODE) {
    for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of now.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    becomeWithin(old, now);
  } else if (old.data !== now.data) {
    old.data = now.data;
  }
}

/** The same for what is in it: rows by their phones, all else by its place. */
function becomeWithin(old, now) {
  const rows = new Map([...old.children].map((row) => [phoneOf(row), row]));
  rows.delete(undefined);
  let place = old.firstChild;
  for (const child of now.childNodes) {
    const mine = phoneOf(child) ? rows.get(phoneOf(child)) : phoneOf(place) ? null : place;
    if (!mine) {
      old.insertBefore(document.importNode(child, true), place);
    } else if (mine === place) {
      place = place.nextSibling;
      become(mine, child);
    } else {
      old.insertBefore(mine, place);
      become(mine, child);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function phoneOf(row) {
  return row?.nodeName === "TR" ? row.querySelector(".row-name")?.getAttribute("href") : undefined;
}

function focusOn(heading) {
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
