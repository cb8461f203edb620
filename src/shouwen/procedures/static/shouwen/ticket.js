// The ticket: buttons that open a box below, and the flowchart open where there is room for it.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (!opener) return;
  const box = document.getElementById(opener.dataset.open);
  if ("open" in box) box.open = true;
  box.scrollIntoView({ block: "center" });
  box.querySelector('textarea, input:not([type="hidden"])')?.focus();
});
if (matchMedia("(min-width: 1200px)").matches) for (const wide of document.querySelectorAll("[data-wide-open]")) wide.open = true;
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "tasks" || event.detail.elt.id === "tasks") document.querySelector("#tasks .form-errors")?.focus();
});
