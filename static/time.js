// Times in the zone of whoever reads, with UTC on hover. Without this file they are in UTC, and say so.

const LANGUAGE = document.documentElement.lang || "en";
const FORMAT = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });
const ZONE = new Intl.DateTimeFormat(LANGUAGE, { timeZoneName: "short" });
// The live part of a page says its moments in texts of their own.
const TIMES = "time[datetime], .moment";
const INSTANT = /(\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4}) \d\d:\d\d:\d\d UTC/;

if (!["UTC", "Etc/UTC", "GMT"].includes(ZONE.resolvedOptions().timeZone)) {
  document.querySelectorAll(TIMES).forEach(here);
  // Parts that come later bring times of their own, and some say another moment later.
  new MutationObserver((changes) => changes.flatMap(timesOf).forEach(here)).observe(document.body, {
    childList: true, subtree: true, characterData: true, attributeFilter: ["title"],
  });
}

// A start is typed in the zone in which times are shown: how far that is from UTC then, the form says.
const START = document.querySelector("[name=start_at][type=datetime-local]");
if (START) {
  const told = document.getElementById("f-start-at-hint");
  told.textContent = told.textContent.replace("UTC", ZONE.resolvedOptions().timeZone);
  START.form.addEventListener("submit", () => {
    START.form.elements.start_zone.value = START.value && String(-new Date(START.value).getTimezoneOffset());
  });
}

function timesOf({ target, addedNodes }) {
  const within = [...addedNodes].flatMap((node) => (node instanceof Element ? [node, ...node.querySelectorAll(TIMES)] : []));
  return [target, target.parentElement, ...within].filter((node) => node instanceof Element && node.matches(TIMES));
}

/** As the pages write it in their language. */
function written(at) {
  const [day, clock] = FORMAT.format(at).split(" ");
  return `${LANGUAGE === "de" ? day.split("-").reverse().join(".") : day} ${clock}`;
}

/** The instant that a text tells, which may be newer than the element's own. */
function instant(utc) {
  const [day, clock] = utc.split(" ");
  return new Date(`${day.includes(".") ? day.split(".").reverse().join("-") : day}T${clock}Z`);
}

function here(time) {
  const text = [...time.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && INSTANT.test(node.data));
  if (!text && time.dataset.zone) return;
  const utc = (text?.data ?? time.title).match(INSTANT)?.[0];
  if (!utc) return;
  const at = instant(utc);
  const zone = ZONE.formatToParts(at).find((part) => part.type === "timeZoneName").value;
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
