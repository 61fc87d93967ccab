// Says some minutes before it that the session ends, and keeps it where somebody wants that (WCAG
// 2.2.1). Without this file a form that comes too late is kept, and sent after the next sign-in.

const LIMITS = document.querySelector("[data-idle]")?.dataset;
const SEEN = "carillon.seen";
const WARN_MS = 2 * 60_000;
const ANSWERS_MS = 10_000;
// The page hands over what is said here in its language; English is here.
const WORDS = JSON.parse(document.querySelector("[data-words]")?.dataset.words ?? "{}");
const say = (text, values = {}) =>
  (WORDS[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);

// No browser fetches the answer to a form anew: Reload and Back lead to the form's page, with the
// query that it had.
const FORM = document.documentElement.dataset.form;
if (FORM) {
  const [from, query = ""] = document.referrer.split(/(?=\?)/);
  history.replaceState(null, "", FORM + (from === location.origin + FORM ? query : "") + location.hash);
}

let note = null, timer;
if (LIMITS) {
  seen();
  // What is done in another tab counts here too.
  addEventListener("storage", ({ key }) => { if (key === SEEN) wait(); });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") wait(); });
}

function seen() {
  localStorage.setItem(SEEN, String(Date.now()));
  wait();
}

/** When it ends, and whether more use would keep it. */
function end() {
  const idle = Number(localStorage.getItem(SEEN)) + Number(LIMITS.idle) * 1000;
  const last = Date.now() + Number(LIMITS.left) * 1000 - performance.now();
  return { at: Math.min(idle, last), keeps: idle < last };
}

function wait() {
  clearTimeout(timer);
  const { at } = end();
  const left = at - Date.now();
  if (left > WARN_MS) {
    note?.remove();
    note = null;
    timer = setTimeout(wait, left - WARN_MS);
  } else {
    tell();
  }
}

function tell() {
  const region = document.querySelector(".toasts");
  if (note || !region) return;
  const { at, keeps } = end();
  const time = new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  note = document.createElement("p");
  note.className = "toast";
  note.dataset.sessionEnds = "";
  if (Date.now() >= at) {
    note.append(say("You are signed out. What you send now is kept until you have signed in."));
  } else if (keeps) {
    note.append(`${say("You will be signed out at {time}, because nothing was done here.", { time })} `, button());
    timer = setTimeout(over, at - Date.now());
  } else {
    note.append(say("You will be signed out at {time}: a session lasts no longer. What you send after that is kept until you have signed in.", { time }));
  }
  region.append(note);
}

/** The time is over: the server decides, the page says so. */
function over() {
  note?.remove();
  note = null;
  wait();
}

function button() {
  const stay = document.createElement("button");
  stay.type = "button";
  stay.className = "button";
  stay.textContent = say("Stay signed in");
  stay.addEventListener("click", async () => {
    stay.disabled = true;
    const answer = await fetch("/account", { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(ANSWERS_MS) }).catch(() => null);
    if (answer?.ok) seen();
    else stay.disabled = false;
  });
  return stay;
}
