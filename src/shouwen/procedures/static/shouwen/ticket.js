// The ticket: buttons that open a box below, cards of steps, the flowchart open where there is room for it, and printing.

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) return print();
  const card = event.target.closest("a.flow-link, a[data-card]");
  if (card && !event.ctrlKey && !event.metaKey && !event.shiftKey) return showCard(event, card);
  const opener = event.target.closest("[data-open]");
  if (!opener) return;
  const box = document.getElementById(opener.dataset.open);
  if (!box) return;
  if ("open" in box) box.open = true;
  box.scrollIntoView({ block: "center" });
  const field = () => box.querySelector('textarea, input:not([type="hidden"])');
  if (field()) field().focus(); else box.addEventListener("htmx:afterSwap", () => field()?.focus(), { once: true });
});
function showCard(event, link) {
  const dialog = document.getElementById("step-card");
  if (!dialog || !window.htmx) return;
  event.preventDefault();
  const href = link.getAttribute("href");
  window.htmx.ajax("GET", href, { target: "#step-card-body", swap: "innerHTML" }).then(() => { dialog.showModal(); dialog.scrollTop = 0; });
}
document.getElementById("step-card")?.addEventListener("click", (event) => { if (event.target === event.currentTarget) event.currentTarget.close(); });

function showPlace(card) { // the flowchart is long: show where the ticket stands
  const box = card.querySelector(".flow-box");
  const here = box.querySelector(".is-late, .is-open") ?? box.querySelector(".flow-end.is-done");
  if (here) box.scrollTop += here.getBoundingClientRect().top - box.getBoundingClientRect().top - 120;
}
for (const card of document.querySelectorAll(".flow-card")) {
  card.addEventListener("toggle", () => { if (card.open) showPlace(card); });
  if (matchMedia("(min-width: 1200px)").matches) card.open = true;
}
function toTask() { // a link to a task opens it
  const work = location.hash.startsWith("#task-") && document.getElementById(location.hash.slice(1))?.querySelector(".task-work");
  if (work) work.open = true;
}
addEventListener("hashchange", toTask);
toTask();
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "tasks" && event.detail.elt.id !== "tasks") return;
  const said = document.querySelector("#tasks .overtaken, #tasks .has-error, #tasks .form-errors");
  said?.scrollIntoView({ block: "center" });
  (said?.matches(".has-error") ? said.querySelector("input, select, textarea") : said)?.focus({ preventScroll: true });
});
// one clause at a time
document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("details.why[open]")) return;
  for (const other of document.querySelectorAll("details.why[open]")) if (other !== event.target) other.open = false;
}, true);
document.addEventListener("click", (event) => { for (const one of document.querySelectorAll("details.why[open]")) if (!one.contains(event.target)) one.open = false; });
document.addEventListener("keydown", (event) => {
  const one = event.key === "Escape" && document.querySelector("details.why[open]");
  if (one) { one.open = false; one.querySelector("summary").focus(); }
});
