// Ticking many rows: one tick for the page, and Shift for a range. Without this file each row
// is ticked by itself.
// The page hands over what is said here in its language; English is here.
const WORDS = JSON.parse(document.querySelector("[data-words]")?.dataset.words ?? "{}");
const say = (text) => WORDS[text] ?? text;
const rows = [...document.querySelectorAll("[data-row]")];
const head = document.querySelector(".selectable thead th:first-child");
if (rows.length > 0 && head) {
  const all = pageTick(head);
  const scope = scopeOf();
  let last = null;
  for (const row of rows) {
    row.addEventListener("click", (event) => {
      if (event.shiftKey && last) tickRange(last, row);
      last = row;
      show(all);
      scope();
    });
  }
  all.addEventListener("change", () => {
    for (const row of rows) row.checked = all.checked;
    scope();
  });
  show(all);
  scope();
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
