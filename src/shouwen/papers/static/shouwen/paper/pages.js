// A paper prints in another tab. Coming back from it, the page shows what has changed: number, copies, one printing more.
for (const form of document.querySelectorAll("form[data-paper-print]")) {
  form.addEventListener("submit", () => window.addEventListener("focus", () => location.reload(), { once: true }));
}
