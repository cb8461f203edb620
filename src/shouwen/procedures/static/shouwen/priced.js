// Lines of a quotation: sums as one chooses, and a fresh line below the last. Prices come from the list and are never typed.

const yuan = (fen) => `¥${(fen / 100).toLocaleString("zh-CN", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

function reckon(box) {
  let total = 0;
  let lines = 0;
  for (const line of box.querySelectorAll(".priced-line")) {
    const [item, quantity] = line.querySelectorAll("select, input");
    const price = Number(item.selectedOptions[0]?.dataset.price || 0);
    const fen = Math.round(Math.round(price * 100) * (Number(quantity.value || 1) || 0));
    line.querySelector(".priced-sum").textContent = item.value ? yuan(fen) : "";
    quantity.hidden = !item.value;
    if (item.value) { total += fen; lines += 1; }
  }
  const foot = box.querySelector(".priced-total");
  if (!foot) return;
  foot.hidden = !lines;
  foot.querySelector("[data-total]").textContent = yuan(total);
  const last = box.querySelector(".priced-line:last-child");
  if (!last.querySelector("select").value) return;
  const fresh = last.cloneNode(true);
  const [item, quantity] = fresh.querySelectorAll("select, input");
  item.removeAttribute("id");
  item.value = quantity.value = "";
  item.options[0].textContent = "再加一项";
  last.after(fresh);
  reckon(box);
}
for (const kind of ["change", "input"]) document.addEventListener(kind, (event) => {
  const box = event.target.closest?.("[data-priced]");
  if (box) reckon(box);
});
const begin = (root) => root.querySelectorAll?.("[data-priced]").forEach(reckon);
document.addEventListener("htmx:load", (event) => begin(event.detail.elt));
begin(document);
