// The command palette, the map of keys, and keys that lead around. Every page works without it:
// what the palette offers are links of the page, and the list of phones.
//
// Single keys can be switched off (WCAG 2.1.4): the map has the switch, and this browser keeps it.

const OFF = "carillon.single-keys-off";
const GO = { o: "/", p: "/phones", g: "/groups", s: "/sites", r: "/run", j: "/jobs", a: "/audit" };
// The page hands over what is said here in its language; English is here.
const WORDS = JSON.parse(document.querySelector("[data-words]")?.dataset.words ?? "{}");
const say = (text, values = {}) =>
  (WORDS[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
const MAP = [
  [say("/ or Ctrl K"), say("Find a phone, a page or something to do")],
  [say("g then o p g s r j a"), say("Go to Overview, Phones, Groups, Sites, Run, Jobs, Audit")],
  [say("j and k"), say("Next and previous row")],
  ["x", say("Tick the row")],
  ["b", say("To what can be done with the phones")],
  ["?", say("This map")],
  ["Esc", say("Close")],
];
const WAIT_MS = 250;
const PHONES = 6;
const SHOWN = 30;
// A filter of the list of phones, not the beginning of a hardware address.
const FILTER = /(^|\s)-?(site|group|model|tag|fw|ip|ext|mac|state|result|ready|seen|protected):\S/i;
// What is opened over the page: one at a time, and closed as everything else is.
const OPENED = "details:is(.pop, .menu)[open]";

let waitsForPlace = false;

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isOff()) return;
  if (document.querySelector("dialog:is([open], :popover-open)")) return;
  press(event);
});

// Without this, two fields would open for one key: the search box leads to the palette.
document.querySelector("#global-search")?.setAttribute("aria-keyshortcuts", "/ Control+K");

function press(event) {
  if (waitsForPlace) {
    waitsForPlace = false;
    const place = [...document.querySelectorAll(".side a")].find((link) => link.getAttribute("href") === GO[event.key]);
    if (place) {
      event.preventDefault();
      place.click();
    }
    return;
  }
  const act = { "/": openPalette, "?": openMap, j: () => step(1), k: () => step(-1), x: tick, b: toBulk, g: waitForPlace }[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
}

function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
}

function isOff() {
  return localStorage.getItem(OFF) === "yes";
}

function waitForPlace() {
  waitsForPlace = true;
  setTimeout(() => { waitsForPlace = false; }, 1500);
}

// Rows: focus moves from name to name.
function step(by) {
  const names = [...document.querySelectorAll("main tbody :is(.row-name, .sites-health th a)")];
  const row = document.activeElement?.closest?.("tr");
  const here = names.findIndex((name) => name.closest("tr") === row);
  names[Math.min(Math.max(here + by, 0), names.length - 1)]?.focus();
}

function tick() {
  document.activeElement?.closest?.("tr")?.querySelector("[data-row]")?.click();
}

function toBulk() {
  // Where nothing is chosen yet, to the choice, and not past it.
  const chosen = document.querySelector(".bulk input:checked");
  (chosen ?? document.querySelector(".bulk :is(input[type=radio], button)"))?.focus();
}

// Menus that lie over the page: Esc and a press beside them close them.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const inside = document.activeElement?.closest?.(OPENED);
  const opened = inside ?? document.querySelector(OPENED);
  if (!opened || document.querySelector("dialog:is([open], :popover-open)")) return;
  opened.open = false;
  if (inside) inside.querySelector("summary").focus();
});
document.addEventListener("pointerdown", (event) => {
  for (const opened of document.querySelectorAll(OPENED)) {
    if (!opened.contains(event.target)) opened.open = false;
  }
});

// On a narrow screen the places are a row that scrolls: where one is, is in it.
const places = document.querySelector(".side");
const here = places?.querySelector("[aria-current]");
if (here && places.scrollWidth > places.clientWidth) {
  places.scrollLeft = here.offsetLeft + (here.offsetWidth - places.clientWidth) / 2;
}

// The palette. It lies over the page and lets it be: a modal dialog has the browser look at every
// element of the page anew when it opens and when it closes. Who leaves it closes it.
function openPalette() {
  if (document.querySelector(".palette")) return;
  const box = dialog("palette", say("Find or do"));
  box.popover = "auto";
  box.addEventListener("toggle", (event) => { if (event.newState === "closed") box.remove(); });
  box.addEventListener("focusout", (event) => {
    if (document.hasFocus() && !box.contains(event.relatedTarget)) box.hidePopover();
  });
  const field = element("input", { type: "text", class: "input", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-label": say("Find a phone, a page or something to do"), autocomplete: "off", spellcheck: "false" });
  const list = element("ul", { id: "palette-list", role: "listbox", "aria-label": say("What was found") });
  const said = element("p", { class: "visually-hidden", role: "status" });
  // Pressing a row takes the focus nowhere.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  box.append(field, list, said);
  const links = linksOfPage();
  const phonesToo = document.querySelector("#global-search") !== null;
  // What Enter does may not hang on how fast somebody types: it waits for what is still being looked for.
  let timer, asked = 0, commands = [], looks = null, goes = false;
  const show = (found) => {
    const text = field.value.trim();
    const like = (one) => `${one.text} ${one.known ?? ""}`.toLowerCase().includes(text.toLowerCase());
    const search = { text: say("All phones like “{text}”", { text }), note: say("Phones"), href: `/phones?q=${encodeURIComponent(text)}` };
    const there = [...found, ...[...links, ...commands].filter(like)];
    const searches = phonesToo ? [search] : [];
    const all = text === "" ? links : FILTER.test(text) ? [...searches, ...there] : [...there, ...searches];
    fill(list, all, field);
    said.textContent = say("{count} found", { count: all.length });
  };
  field.addEventListener("input", () => {
    show([]);
    clearTimeout(timer);
    [looks, goes] = [null, false];
    const [text, mine] = [field.value.trim(), ++asked];
    if (text.length < 2) return;
    let begun = false;
    looks = async () => {
      clearTimeout(timer);
      if (begun) return;
      begun = true;
      const [found, offered] = await Promise.all([find(text), commandsToRun()]);
      commands = offered;
      if (mine !== asked || !box.isConnected) return;
      looks = null;
      show(withAims(text, found, offered));
      if (goes) list.firstElementChild?.follow();
    };
    timer = setTimeout(looks, WAIT_MS);
  });
  field.addEventListener("keydown", (event) => {
    // A row that somebody walked to is meant as it is.
    const walked = list.firstElementChild?.getAttribute("aria-selected") === "false";
    if (event.key !== "Enter" || !looks || walked || FILTER.test(field.value)) return move(event, list, field);
    event.preventDefault();
    goes = true;
    looks();
  });
  show([]);
  box.showPopover();
  field.focus();
}

/**
 * A page of ours, read and not shown; null where there is none. The browser makes it: text may not
 * become one here.
 */
function read(path) {
  return new Promise((found) => {
    const request = new XMLHttpRequest();
    request.open("GET", path);
    request.responseType = "document";
    request.onload = () => {
      const there = request.status === 200 && request.responseURL === new URL(path, location.href).href;
      found(there ? request.response : null);
    };
    request.onerror = () => found(null);
    request.send();
  });
}

/** The first phones of the list, and the places that the word may have meant. */
async function find(text) {
  if (!document.querySelector("#global-search")) return [];
  const page = await read(`/phones?limit=${PHONES}&q=${encodeURIComponent(text)}`);
  if (!page) return [];
  const meant = [...page.querySelectorAll(".meant a")].map((link) => ({
    text: link.textContent.trim(), note: say("Phones"), href: link.getAttribute("href"), known: link.dataset.known,
  }));
  const phones = [...page.querySelectorAll(".table.phones tbody tr")].map((row) => {
    const cell = (name) => row.querySelector(`td[data-label="${name}"]`)?.textContent.trim() ?? "";
    const link = row.querySelector(".row-name");
    return { text: link.textContent, note: [cell(say("Ext.")), cell(say("Model")), cell(say("Site"))].filter(Boolean).join(" · "), href: link.getAttribute("href") };
  });
  const named = (one) => isNamed(one, text.toLowerCase());
  return [...meant.filter(named), ...phones, ...meant.filter((one) => !named(one))];
}

/** A site or a group of whose name a word is, or begins, like this: it is meant before a phone is. */
function isNamed({ known }, typed) {
  return known !== undefined && ` ${known}`.toLowerCase().includes(` ${typed}`);
}

/** Commands for a place, where the words name both. They lead to the form and send nothing. */
function withAims(text, found, offered) {
  const words = text.toLowerCase().split(/\s+/);
  const aims = offered.flatMap((command) => {
    const names = `${command.text}${command.known}`.toLowerCase().replaceAll(" ", "");
    const rest = words.filter((word) => word.length < 3 || !names.includes(word));
    if (!rest.length || rest.length === words.length) return [];
    return found.filter((place) => rest.every((word) => isNamed(place, word))).map((place) => ({
      text: `${command.text}: ${place.text}`, note: command.note,
      href: `${command.href}&filter=${encodeURIComponent(new URL(place.href, location.href).searchParams.get("q"))}`,
    }));
  });
  // Phones that are called so are meant first.
  return found.every((one) => "known" in one) ? [...aims, ...found] : [...found, ...aims];
}

let catalogue;

/** The commands that this person may run, once somebody looks for something. */
function commandsToRun() {
  if (!document.querySelector('.side a[href="/run"]')) return [];
  catalogue ??= read("/run").then((page) =>
    [...(page?.querySelectorAll(".action-card .check") ?? [])].map((card) => ({
      text: card.querySelector(".check-title").firstChild.textContent.trim(),
      note: say("Command"),
      // Who knows the phones says "reboot".
      known: card.querySelector("input").value,
      href: `/run?action=${encodeURIComponent(card.querySelector("input").value)}`,
    })),
  );
  return catalogue;
}

/** Places first: what is chosen when nothing was typed leads somewhere and does nothing. */
function linksOfPage() {
  const found = new Map();
  for (const [selector, note] of [[".side a[href]", say("Go to")], [":is(.page-actions, .job-control) :is(a[href], button:not([hidden], :disabled))", say("This page")], [".view-list a[href]", say("Your lists")], [".menu-body :is(a[href], button)", say("You")]]) {
    for (const one of document.querySelectorAll(selector)) {
      if (one.closest(".page-actions") && !isOffered(one)) continue;
      const text = one.textContent.trim();
      const href = one.getAttribute("href");
      if (!found.has(href ?? text)) found.set(href ?? text, href ? { text, note, href } : { text, note, button: one });
    }
  }
  return [...found.values()];
}

/** Buttons that come later have their room already, and those that are over are greyed. */
function isOffered(one) {
  return one.ariaDisabled !== "true" && one.checkVisibility({ visibilityProperty: true });
}

function follow(item) {
  if (item.button) item.button.click();
  else location.href = item.href;
}

function fill(list, items, field) {
  list.replaceChildren(
    ...items.slice(0, SHOWN).map((item, index) => {
      const row = element("li", { role: "option", id: `palette-${index}`, "aria-selected": String(index === 0) });
      row.follow = () => follow(item);
      row.append(element("span", {}, item.text), element("span", { class: "muted" }, item.note));
      row.addEventListener("click", row.follow);
      return row;
    }),
  );
  point(list, field, 0);
}

function move(event, list, field) {
  const rows = [...list.children];
  const here = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
  if (event.key === "Enter" && here >= 0) {
    event.preventDefault();
    rows[here].follow();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const by = event.key === "ArrowDown" ? 1 : -1;
    point(list, field, (here + by + rows.length) % Math.max(rows.length, 1));
  }
}

function point(list, field, at) {
  [...list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === at)));
  const chosen = list.children[at];
  field.setAttribute("aria-activedescendant", chosen?.id ?? "");
  chosen?.scrollIntoView({ block: "nearest" });
}

// The map of keys.
function openMap() {
  const box = dialog("keymap", say("Keys"));
  const body = element("dl", { class: "facts" });
  for (const [keys, what] of MAP) {
    const line = element("div", { class: "fact" });
    line.append(element("dt", {}, keys), element("dd", {}, what));
    body.append(line);
  }
  const label = element("label", { class: "check" });
  const off = element("input", { type: "checkbox" });
  off.checked = !isOff();
  off.addEventListener("change", () => localStorage.setItem(OFF, off.checked ? "no" : "yes"));
  label.append(off, element("span", {}, say("Single keys work on these pages (Ctrl K always does)")));
  const close = element("button", { type: "button", class: "button" }, say("Close"));
  close.addEventListener("click", () => box.close());
  box.append(body, label, close);
  box.showModal();
}

for (const button of document.querySelectorAll("[data-keymap]")) {
  button.hidden = false;
  button.addEventListener("click", openMap);
}

/** A dialog that is gone once it is closed; a click beside it closes it. */
function dialog(name, heading) {
  const box = element("dialog", { class: name, "aria-labelledby": `${name}-heading` });
  box.append(element("h2", { id: `${name}-heading` }, heading));
  box.addEventListener("close", () => box.remove());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  document.body.append(box);
  return box;
}

function element(name, attributes, text) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
