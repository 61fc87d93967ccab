// Copy buttons: they appear only where they work.
for (const button of document.querySelectorAll("[data-copy-button]")) {
  wake(button);
}
// Parts that come alive later bring buttons of their own.
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) {
      if (node instanceof Element) node.querySelectorAll("[data-copy-button]").forEach(wake);
    }
  }
}).observe(document.body, { childList: true, subtree: true });

function wake(button) {
  if (!navigator.clipboard || button.dataset.awake) return;
  button.dataset.awake = "yes";
  button.hidden = false;
  const word = button.querySelector("span");
  const said = word.textContent;
  button.addEventListener("click", async () => {
    const lines = button.parentElement.querySelector("[data-copy]").textContent;
    try {
      await navigator.clipboard.writeText(lines);
      word.textContent = button.dataset.copied;
    } catch {
      word.textContent = button.dataset.refused;
    }
    setTimeout(() => { word.textContent = said; }, 2000);
  });
}
