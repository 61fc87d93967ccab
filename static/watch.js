// Says when a job ends that one has started or asked to be told of: on whichever page one is, and
// by a notice of the browser where one wanted that. Without this file one looks at the job.
//
// What is watched is kept in this browser and forgotten when it has ended.

const KEPT = "carillon.watched-jobs";
const LOCK = "carillon.watch";
const MOST = 5;
// The page hands over what is said here in its language; English is here.
const WORDS = JSON.parse(document.querySelector("[data-words]")?.dataset.words ?? "{}");
const say = (text, values = {}) =>
  (WORDS[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);

const here = document.querySelector("[data-watch-job]");
if (here) {
  if (here.dataset.own !== undefined) watch(here.dataset);
  offer(here);
}
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

function watch({ watchJob: id, title }) {
  if (!kept().some((job) => job.id === id)) keep([...kept(), { id, title }]);
}

/** Permission is asked for when somebody presses the button, and never by itself. */
function offer(button) {
  if (!("Notification" in window) || Notification.permission !== "default") return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    watch(button.dataset);
    await Notification.requestPermission();
    button.hidden = true;
  });
}

/** One tab at a time listens, so that tabs do not use up the browser's connections. */
async function follow() {
  if (!navigator.locks || kept().length === 0) return;
  await navigator.locks.request(LOCK, async () => {
    for (let job = kept().at(-1); job; job = kept().at(-1)) {
      const summary = await (here?.dataset.watchJob === job.id ? endedHere() : ended(job.id));
      keep(kept().filter((other) => other.id !== job.id));
      if (summary) tell(job, summary);
    }
  });
}

/** Waits for the feed's last word; null when it is refused: the job is gone, or not for us. */
function ended(id) {
  return new Promise((resolve) => {
    const feed = new EventSource(`/jobs/${id}/feed`);
    const done = (summary) => {
      feed.close();
      resolve(summary);
    };
    feed.addEventListener("finished", (event) => done(read(event.data)));
    feed.addEventListener("error", () => { if (feed.readyState === EventSource.CLOSED) done(null); });
  });
}

/** The page of the job listens already. */
function endedHere() {
  const summary = document.querySelector(".job-summary");
  return new Promise((resolve) => {
    const look = () => { if (summary?.dataset.ended) resolve({}); };
    new MutationObserver(look).observe(summary, { attributes: true, attributeFilter: ["data-ended"] });
    look();
  });
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function tell(job, { counts, total }) {
  const bad = (counts?.failed ?? 0) + (counts?.unknown ?? 0);
  const told = { title: job.title, bad, total };
  const text = bad === 0 ? say("{title} has ended.", told) : say("{title} has ended: {bad} of {total} phones need a look.", told);
  if (document.visibilityState === "hidden" && "Notification" in window && Notification.permission === "granted") {
    const notice = new Notification("Carillon", { body: text, tag: job.id });
    notice.addEventListener("click", () => { window.focus(); location.href = `/jobs/${job.id}`; });
  }
  if (!location.pathname.endsWith(job.id)) toast(text, `/jobs/${job.id}`);
}

/** In the place for messages, which was there before there was anything in it. */
function toast(text, href) {
  const region = document.querySelector(".toasts") ?? document.querySelector(".flash-region");
  if (!region) return;
  const note = document.createElement("p");
  note.className = "toast";
  const link = document.createElement("a");
  link.href = href;
  link.textContent = say("Show the result");
  note.append(`${text} `, link);
  region.append(note);
}
