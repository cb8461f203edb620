// The form of a plan shows the fields that its rhythm uses; a route's points are moved up and down.

const rhythm = document.querySelector("[name=rhythm]");
function show() {
  for (const part of document.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(rhythm.value);
}
rhythm?.addEventListener("change", show);
if (rhythm) show();

const on = document.getElementById("route-on");
const rest = document.getElementById("route-rest");
function settle() {
  if (!on) return;
  for (const item of on.children) item.querySelector("input[type=hidden]").disabled = false;
  for (const item of rest.children) item.querySelector("input[type=hidden]").disabled = true;
  document.querySelector("[data-route-count]").textContent = on.children.length;
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move-point]");
  if (!button) return;
  const item = button.closest("li");
  const way = button.dataset.movePoint;
  if (way === "in") on.append(item);
  if (way === "out") rest.prepend(item);
  if (way === "up" && item.previousElementSibling) item.previousElementSibling.before(item);
  if (way === "down" && item.nextElementSibling) item.nextElementSibling.after(item);
  settle();
  (button.checkVisibility?.() ?? true) ? button.focus() : item.querySelector("button:not([hidden])")?.focus();
});
document.querySelector("[data-route-find]")?.addEventListener("input", (event) => {
  const words = event.target.value.trim().toLowerCase();
  for (const item of rest.children) item.hidden = words !== "" && !item.textContent.toLowerCase().includes(words);
});
settle();
