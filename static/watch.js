// Says when a job ends that one has started or asked to be told of: on whichever page one is, and
// by a notice of the browser where one wanted that. Without this file one looks at the job.
//
// What is watched is kept in this browser and forgotten when it has ended.

const KEPT = "carillon.watched-jobs";
const LOCK = "carillon.watch";
const MOST = 5;
// Several jobs are looked at in turns, over one connection: a browser has only six.
const TURN_MS = 4000;
const LATER_MS = 30_000;
// What one tab has kept, another sees a moment later.
const SETTLED_MS = 1000;
// The page hands over what is said here in its language; English is here.
const WORDS = JSON.parse(document.querySelector("[data-words]")?.dataset.words ?? "{}");
const say = (text, values = {}) =>
  (WORDS[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);

// How phones ended, in the order in which it is told.
const ENDS = {
  verified: (count) => say("{count} verified", { count }),
  acknowledged: (count) => say("{count} acknowledged", { count }),
  failed: (count) => say("{count} failed", { count }),
  unknown: (count) => say("{count} unknown", { count }),
  skipped: (count) => say("{count} skipped", { count }),
  cancelled: (count) => say("{count} cancelled", { count }),
  expired: (count) => say("{count} expired", { count }),
};

const here = document.querySelector("[data-watch-job]");
const tabs = "BroadcastChannel" in window ? new BroadcastChannel(LOCK) : null;
let following = false;
let lookAgain = () => {};

if (here) {
  if (here.dataset.own !== undefined) watch(here.dataset);
  offer(here);
}
if (tabs) tabs.onmessage = ({ data }) => { if (document.visibilityState === "visible") toast(data); };
// Another tab has started a job, and may be gone when it ends.
addEventListener("storage", ({ key }) => { if (key === KEPT) follow(); });
follow();

function kept() {
  try {
    const list = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(list) ? list.filter((job) => typeof job?.id === "string" && /^[0-9a-f-]{36}$/.test(job.id)) : [];
  } catch {
    return [];
  }
}

function keep(list) {
  localStorage.setItem(KEPT, JSON.stringify(list.slice(-MOST)));
}

function isKept(id) {
  return kept().some((job) => job.id === id);
}

function watch({ watchJob: id, title }) {
  if (!isKept(id)) keep([...kept(), { id, title }]);
}

/** Permission is asked for when somebody presses the button, and never by itself. */
function offer(button) {
  const mayAsk = "Notification" in window && Notification.permission === "default";
  if (!mayAsk && isKept(button.dataset.watchJob)) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    watch(button.dataset);
    follow();
    button.setAttribute("aria-disabled", "true");
    assure(button);
    if (!mayAsk) return;
    await Notification.requestPermission();
    assure(button);
  }, { once: true });
}

/** Says whether one will be told: not by a browser that denies notices. */
function assure(button) {
  const denied = "Notification" in window && Notification.permission === "denied";
  button.querySelector("span").textContent = denied ? say("The browser does not allow it") : say("You will be told");
}

/** One tab at a time listens, so that tabs do not use up the browser's connections. */
async function follow() {
  lookAgain();
  if (following || !navigator.locks || kept().length === 0) return;
  following = true;
  await navigator.locks.request(LOCK, async () => {
    for (let turn = 0; kept().length > 0; turn += 1) {
      const jobs = kept();
      const job = jobs[turn % jobs.length];
      const look = here?.dataset.watchJob === job.id ? endedHere : ended;
      const end = await look(job.id, jobs.length > 1 ? TURN_MS : 0);
      if (end === undefined) continue;
      keep(kept().filter((other) => other.id !== job.id));
      if (end) tell(job, end);
      await after(SETTLED_MS);
    }
  });
  following = false;
}

/** Nothing more to wait for: the turn is over, or what is kept is another. */
function turn(ms, over) {
  const timer = ms > 0 ? setTimeout(over, ms) : 0;
  lookAgain = over;
  return () => { clearTimeout(timer); lookAgain = () => {}; };
}

/** Waits for the feed's last word; undefined while there is none, null when the job is gone, or not for us. */
function ended(id, ms) {
  return new Promise((resolve) => {
    const feed = new EventSource(`/jobs/${id}/feed`);
    const done = (end) => {
      stop();
      feed.close();
      resolve(end);
    };
    const stop = turn(ms, () => done());
    feed.addEventListener("finished", (event) => done(read(event.data)));
    feed.addEventListener("error", () => { if (feed.readyState === EventSource.CLOSED) refused(id).then(done); });
  });
}

/** A feed is refused for good, or only now: too many are open, the server stops, one is signed out. */
async function refused(id) {
  const answer = await fetch(`/jobs/${id}`, { method: "HEAD" }).catch(() => null);
  if (answer && [403, 404].includes(answer.status)) return null;
  await after(LATER_MS);
  return undefined;
}

/** The page of the job listens already: the last word is asked for once it has come there. */
async function endedHere(id, ms) {
  return (await hasEnded(ms)) ? ended(id, ms) : undefined;
}

function hasEnded(ms) {
  const summary = document.querySelector(".job-summary");
  return new Promise((resolve) => {
    const done = (yes) => {
      stop();
      watcher.disconnect();
      resolve(yes);
    };
    const look = () => { if (summary.dataset.ended) done(true); };
    const watcher = new MutationObserver(look);
    const stop = turn(ms, () => done(false));
    watcher.observe(summary, { attributeFilter: ["data-ended"] });
    look();
  });
}

function after(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

function read(text) {
  try {
    const { state, counts, outcome } = JSON.parse(text);
    return { state, counts, outcome };
  } catch {
    return null;
  }
}

function tell({ id, title }, end) {
  const text = sentence(title, end);
  if (document.visibilityState === "hidden") notify(id, text);
  toast({ id, text });
  tabs?.postMessage({ id, text });
}

/** How it ended: of a job that never began nothing is counted. */
function sentence(title, { state, counts, outcome }) {
  if (state === "denied" || state === "expired") return say("{title}: {outcome}.", { title, outcome });
  const { format } = new Intl.NumberFormat(document.documentElement.lang);
  const parts = Object.keys(ENDS).filter((end) => counts[end] > 0).map((end) => ENDS[end](format(counts[end])));
  const told = { title, counts: parts.join(", ") };
  return state === "cancelled" ? say("{title} was stopped: {counts}.", told) : say("{title} ended: {counts}.", told);
}

function notify(id, text) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const notice = new Notification("Carillon", { body: text, tag: id });
    notice.addEventListener("click", () => { window.focus(); location.href = `/jobs/${id}`; });
  } catch {
    // Some browsers have notices for installed programs only; the message on the page is there.
  }
}

/** In the place for messages, which was there before there was anything in it. The job's own page says it itself. */
function toast({ id, text }) {
  const region = document.querySelector(".toasts") ?? document.querySelector(".flash-region");
  if (!region || location.pathname.endsWith(id)) return;
  const note = document.createElement("p");
  note.className = "toast";
  const link = document.createElement("a");
  link.href = `/jobs/${id}`;
  link.textContent = say("Show the result");
  note.append(`${text} `, link);
  region.append(note);
}
