// Times in the zone of whoever reads, with UTC on hover. Without this file they are in UTC, and say so.

const LANGUAGE = document.documentElement.lang || "en";
const FORMAT = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });
const ZONE = new Intl.DateTimeFormat(LANGUAGE, { timeZoneName: "short" });
const INSTANT = /(\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4}) \d\d:\d\d:\d\d UTC/;

if (!["UTC", "Etc/UTC", "GMT"].includes(ZONE.resolvedOptions().timeZone)) {
  document.querySelectorAll("time[datetime]").forEach(here);
  // Parts that come later bring times of their own.
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        if (node.matches("time[datetime]")) here(node);
        node.querySelectorAll("time[datetime]").forEach(here);
      }
    }
  }).observe(document.body, { childList: true, subtree: true });
}

/** As the pages write it in their language. */
function written(at) {
  const [day, clock] = FORMAT.format(at).split(" ");
  return `${LANGUAGE === "de" ? day.split("-").reverse().join(".") : day} ${clock}`;
}

function here(time) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime()) || time.dataset.zone) return;
  const zone = ZONE.formatToParts(at).find((part) => part.type === "timeZoneName").value;
  const local = `${written(at)} ${zone}`;
  const text = [...time.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && INSTANT.test(node.data));
  const utc = (text?.data ?? time.title).match(INSTANT)?.[0];
  if (!utc) return;
  time.dataset.zone = zone;
  if (text) {
    text.data = text.data.replace(utc, local);
    time.title = [utc, time.title].filter(Boolean).join(" · ");
  } else {
    time.title = `${local} (${utc})`;
  }
}
