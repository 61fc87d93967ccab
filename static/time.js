// Times in the zone of whoever reads, with UTC on hover. Without this file they are in UTC, and say so.

const LANGUAGE = document.documentElement.lang || "en";
// The live part of a page says its moments in texts of their own.
const TIMES = "time[datetime], .moment";
const INSTANT = /(\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4}) \d\d:\d\d:\d\d UTC/;
// In winter and in summer, and so those of a year.
const OFFSETS = [0, 6].map((month) => new Date(new Date().getFullYear(), month).getTimezoneOffset());
const IS_UTC = OFFSETS.every((offset) => offset === 0);

if (!IS_UTC) {
  document.querySelectorAll(TIMES).forEach(here);
  // Parts that come later bring times of their own, and some say another moment later.
  new MutationObserver((changes) => changes.flatMap(timesOf).forEach(here)).observe(document.body, {
    childList: true, subtree: true, characterData: true, attributeFilter: ["title"],
  });
}

// What the form says of a time that there is not.
const NONE = "none";
// Moments are typed in the zone in which times are shown: how far that is from UTC then, the form says.
typedHere("start_at", "start_zone");
typedHere("not_after", "end_zone");

function typedHere(name, zone) {
  const field = document.querySelector(`[name=${name}]`);
  if (field?.type !== "datetime-local") return;
  const told = document.getElementById(`${field.id}-hint`);
  if (!IS_UTC) told.textContent = told.textContent.replace("UTC", Intl.DateTimeFormat().resolvedOptions().timeZone);
  const east = field.form.elements[zone];
  // What comes back stays the same moment, also where it was typed in another zone, or without this file.
  if (field.value && field.value === field.defaultValue && east.value !== NONE) {
    const at = new Date(`${field.value}Z`) - east.value * 60_000;
    field.value = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  }
  field.form.addEventListener("submit", () => {
    east.value = field.value && eastOf(field.value);
  });
}

/** In minutes. A time over which the clocks go forward is no time: the browser would take another. */
function eastOf(typed) {
  const at = new Date(typed);
  const east = -at.getTimezoneOffset();
  const read = new Date(at.getTime() + east * 60_000).toISOString();
  return read.startsWith(typed.slice(0, 16)) ? String(east) : NONE;
}

function timesOf({ target, addedNodes }) {
  const within = [...addedNodes].flatMap((node) => (node instanceof Element ? [node, ...node.querySelectorAll(TIMES)] : []));
  return [target, target.parentElement, ...within].filter((node) => node instanceof Element && node.matches(TIMES));
}

/** As the pages write it in their language. */
function written(at) {
  return `${LANGUAGE === "de" ? dayOf(at).split("-").reverse().join(".") : dayOf(at)} ${clockOf(at)}`;
}

function dayOf(at) {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function clockOf(at) {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
}

function two(number) {
  return String(number).padStart(2, "0");
}

/** The instant that a text tells, which may be newer than the element's own. */
function instant(utc) {
  const [day, clock] = utc.split(" ");
  return new Date(`${day.includes(".") ? day.split(".").reverse().join("-") : day}T${clock}Z`);
}

/** "today at 20:00", in a list the clock alone: today is by the server's clock, which it is handed with the words. */
function near(time) {
  const { now, today = "{time}", tomorrow, otherwise = today } = time.dataset;
  const at = new Date(time.dateTime);
  const zone = zoneOf(at);
  const away = (Date.parse(dayOf(at)) - Date.parse(dayOf(new Date(now)))) / 864e5;
  const words = [today, tomorrow][away];
  const clock = tomorrow ? clockOf(at).replace(/:00$/, "") : clockOf(at);
  const local = words ? clock : written(at);
  time.dataset.zone = zone;
  time.title = `${written(at)} ${zone} (${time.title})`;
  time.textContent = (words ?? otherwise).replace("{time}", `${local} ${zone}`);
}

/** The name of the zone then. A browser needs 60 ms to find the first one, and the page waits: a tab keeps them. */
function zoneOf(at) {
  const key = [LANGUAGE, ...OFFSETS, at.getTimezoneOffset()].join();
  return sessionStorage[key] ??= new Intl.DateTimeFormat(LANGUAGE, { timeZoneName: "short" })
    .formatToParts(at).find((part) => part.type === "timeZoneName").value;
}

function here(time) {
  if (time.dataset.now) {
    if (!time.dataset.zone) near(time);
    return;
  }
  const text = [...time.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && INSTANT.test(node.data));
  if (!text && time.dataset.zone) return;
  const utc = (text?.data ?? time.title).match(INSTANT)?.[0];
  if (!utc) return;
  const at = instant(utc);
  const zone = zoneOf(at);
  const local = `${written(at)} ${zone}`;
  time.dataset.zone = zone;
  if (text) {
    text.data = text.data.replace(utc, local);
    time.dataset.beside ??= time.title;
    time.title = [utc, time.dataset.beside].filter(Boolean).join(" · ");
  } else {
    time.title = `${local} (${utc})`;
  }
}
