// The ticket: buttons that open a box below, and the flowchart open where there is room for it.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (!opener) return;
  const box = document.getElementById(opener.dataset.open);
  if ("open" in box) box.open = true;
  box.scrollIntoView({ block: "center" });
  box.querySelector('textarea, input:not([type="hidden"])')?.focus();
});
function showPlace(card) { // the flowchart is long: show where the ticket stands
  const box = card.querySelector(".flow-box");
  const here = box.querySelector(".is-late, .is-open") ?? box.querySelector(".flow-end.is-done");
  if (here) box.scrollTop += here.getBoundingClientRect().top - box.getBoundingClientRect().top - 120;
}
for (const card of document.querySelectorAll(".flow-card")) {
  card.addEventListener("toggle", () => { if (card.open) showPlace(card); });
  if (matchMedia("(min-width: 1200px)").matches) card.open = true;
}
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "tasks" || event.detail.elt.id === "tasks") document.querySelector("#tasks .form-errors")?.focus();
});
