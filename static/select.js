// Ticking many rows: one tick for the page, and Shift for a range; and what is ticked goes along
// where the list is narrowed; and it outlasts a reload. Without this file each row is ticked by itself,
// what leads to another filter says what to press before, and a reload takes the ticks.
// The page hands over what is said here in its language; English is here.
const WORDS = JSON.parse(document.querySelector("[data-words]")?.dataset.words ?? "{}");
const say = (text) => WORDS[text] ?? text;
const TICKS = "carillon.ticks";
const rows = [...document.querySelectorAll("[data-row]")];
const head = document.querySelector(".selectable thead th:first-child");
if (rows.length > 0 && head) {
  const all = pageTick(head);
  const keep = kept();
  const scope = scopeOf();
  let last = null;
  for (const row of rows) {
    row.addEventListener("click", (event) => {
      if (event.shiftKey && last) tickRange(last, row);
      last = row;
      show(all);
      scope();
      keep();
    });
  }
  all.addEventListener("change", () => {
    for (const row of rows) row.checked = all.checked;
    scope();
    keep();
  });
  show(all);
  scope();
  goAlong(document.querySelector("form.selection"));
}

/**
 * Ticks that were not sent are there again after a reload or on the way back: at the same address, in rows that are
 * still there, and as somebody left them. Whoever comes anew finds none. Answers what keeps them.
 */
function kept() {
  const at = location.pathname + location.search;
  const before = JSON.parse(sessionStorage.getItem(TICKS) ?? "{}");
  const again = ["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0]?.type);
  const forget = () => sessionStorage.removeItem(TICKS);
  if (before.at === at && again) for (const row of rows) row.checked = before.ticks[row.value] ?? row.checked;
  else if (before.at === at) forget();
  // With another filter or other columns they go along, as with a command.
  document.addEventListener("submit", ({ target }) => { if (target.matches(".selection, .columns-form")) forget(); });
  return () => {
    const changed = rows.filter((row) => row.checked !== row.defaultChecked);
    const ticks = Object.fromEntries(changed.map((row) => [row.value, row.checked]));
    sessionStorage.setItem(TICKS, JSON.stringify({ at, ticks }));
  };
}

/** Other filters of the list are other pages of it: ticks that the selection does not have yet come along. */
function goAlong(form) {
  const was = form.querySelector("[name=was]")?.value.split(",") ?? [];
  const turn = (event, query) => {
    if (rows.every((row) => row.checked === was.includes(row.value))) return;
    event.preventDefault();
    const way = Object.assign(document.createElement("button"), { name: "go", value: query, hidden: true });
    form.append(way);
    form.requestSubmit(way);
    way.remove();
  };
  document.querySelector(".filters").addEventListener("submit", (event) => {
    turn(event, new URLSearchParams(new FormData(event.target)));
  });
  document.querySelector(".columns-form")?.addEventListener("submit", (event) => {
    for (const row of rows) if (row.checked) carry(event.target, "mac", row.value);
    carry(event.target, "was", was.join());
  });
  document.querySelector("main").addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || link.pathname !== "/phones" || link.closest(".bulk")) return;
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey) turn(event, link.search.slice(1));
  });
}

function carry(form, name, value) {
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
}

/** Where nobody has chosen which phones, ticks choose those that are ticked; what somebody chose stays. */
function scopeOf() {
  const page = document.querySelector("[name=scope][value=page]");
  if (!page || document.querySelector("[name=scope]:checked")) return () => {};
  let byHand = false;
  for (const choice of document.querySelectorAll("[name=scope]")) {
    choice.addEventListener("change", () => { byHand = true; });
  }
  return () => { if (!byHand) page.checked = rows.some((row) => row.checked); };
}

function pageTick(cell) {
  const label = document.createElement("label");
  label.className = "tick";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.setAttribute("aria-label", say("Select all phones on this page"));
  label.append(box);
  cell.append(label);
  return box;
}

function tickRange(from, to) {
  const [a, b] = [rows.indexOf(from), rows.indexOf(to)].sort((x, y) => x - y);
  for (const row of rows.slice(a, b + 1)) row.checked = to.checked;
}

function show(all) {
  const ticked = rows.filter((row) => row.checked).length;
  all.checked = ticked === rows.length;
  all.indeterminate = ticked > 0 && ticked < rows.length;
}
