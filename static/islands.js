// Wakes the islands of a page: loads the program named by this script's own attributes and
// hands each island to the function of its name. The page is complete before that.
// The program opens the feed of a job by itself. Whether it is open, or refused for good, other scripts are told.
globalThis.EventSource = class extends EventSource {
  constructor(...given) {
    super(...given);
    for (const kind of ["open", "error"]) {
      this.addEventListener(kind, () => document.dispatchEvent(new CustomEvent("feed", { detail: { kind, url: this.url, refused: this.readyState === EventSource.CLOSED } })));
    }
  }
};
const loader = document.getElementById("islands");
const islands = document.querySelectorAll("leptos-island");
if (loader && islands.length > 0) {
  const program = await import(loader.dataset.js);
  await program.default({ module_or_path: loader.dataset.wasm });
  program.hydrate();
  for (const island of islands) {
    program[island.dataset.component]?.(island);
  }
}
