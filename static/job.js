// Makes the rest of a job's page anew when the job has ended, or goes on in another way: its rows,
// its buttons, how many jobs run. Without this file a link does it.
//
// The numbers at the top move by themselves; everything else here is of when the page was made.
// Never touches rows that somebody is reading: then only the link is left.

const summary = document.querySelector(".job-summary");
if (summary && !summary.dataset.ended) {
  let state = summary.dataset.state;
  new MutationObserver(() => {
    const now = summary.dataset.state;
    if (now === state) return;
    state = now;
    renew(summary.dataset.ended !== undefined);
  }).observe(summary, { attributes: true, attributeFilter: ["data-state", "data-ended"] });
}

async function renew(ended) {
  const page = await made();
  if (!page) return;
  for (const part of [".page-actions", ".lede", ".top-end .running"]) exchange(part, page);
  if (!ended || read(document.getElementById("phones"))) return;
  exchangeBelow(page);
  summary.dataset.renewed = "yes";
}

/** The page as it is now; nothing when it is refused. */
async function made() {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

function exchange(part, page) {
  const [old, now] = [document.querySelector(part), page.querySelector(part)];
  if (!old || old.contains(document.activeElement)) return;
  if (now) old.replaceWith(now);
  else old.remove();
}

/** Everything below the numbers. What stands above stays in its place, so nothing moves. */
function exchangeBelow(page) {
  for (const old of below(document)) old.remove();
  document.querySelector("main > leptos-island").after(...below(page));
}

function below(page) {
  const list = [];
  for (let part = page.querySelector("main > leptos-island")?.nextElementSibling; part; part = part.nextElementSibling) list.push(part);
  return list;
}

/** Whether somebody is at it: by pointer or keyboard, or has scrolled to it. */
function read(part) {
  if (!part) return false;
  return part.matches(":hover") || part.contains(document.activeElement) || part.getBoundingClientRect().top < innerHeight / 4;
}
