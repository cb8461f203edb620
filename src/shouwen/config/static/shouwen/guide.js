// Which steps of the first hour were tried: on this device only.
const list = document.querySelector("[data-guide]");
const name = `guide-${list.dataset.guide}`;
const done = new Set(JSON.parse(localStorage.getItem(name) || "[]"));
for (const box of list.querySelectorAll("[data-step]")) {
  const draw = () => box.closest(".guide-step").classList.toggle("is-done", box.checked);
  box.checked = done.has(box.dataset.step);
  box.addEventListener("change", () => {
    box.checked ? done.add(box.dataset.step) : done.delete(box.dataset.step);
    localStorage.setItem(name, JSON.stringify([...done]));
    draw();
  });
  draw();
}
