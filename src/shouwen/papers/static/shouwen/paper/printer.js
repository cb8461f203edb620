// By how much the printer of this desk is off, per layout or form; kept in this browser (shift.js reads it).
import { all, keep, said } from "./shift.js";

const root = document.querySelector("[data-printer]");
const chosen = root.querySelector("[data-for]");
const measured = { x: root.querySelector('[data-measured="x"]'), y: root.querySelector('[data-measured="y"]') };
const [x, y] = root.dataset.cross.split(" ").map(Number);
const result = root.querySelector("[data-result]");
const button = root.querySelector("[data-keep]");
let next = null;

const option = () => chosen.selectedOptions[0];
const half = (value) => Math.round(value * 2) / 2;
const before = () => all()[chosen.value] ?? all()[option().dataset.layout] ?? [0, 0];

function link() {
  const form = chosen.value.startsWith("form:") ? `&form=${chosen.value.slice(5)}` : "";
  root.querySelector("[data-test]").href = `${root.dataset.printer}?layout=${option().dataset.layout}${form}`;
}
function count() {
  next = null;
  button.disabled = true;
  if (!measured.x.value || !measured.y.value) { result.textContent = "填好上面两个数，这里算出要移多少。"; return; }
  const [dx, dy] = before();
  const shift = [half(dx + x - Number(measured.x.value)), half(dy + y - Number(measured.y.value))];
  if (shift.some((one) => Math.abs(one) > Number(root.dataset.most))) { result.textContent = `偏得太多（超过 ${root.dataset.most} mm）。请先把纸装正，检查打印窗口里的纸张和缩放。`; return; }
  next = shift;
  button.disabled = false;
  result.textContent = shift.some(Boolean) ? `以后整页${said(shift)}。` : "正好，不用移。";
}
function list() {
  const kept = all();
  const rows = Object.entries(kept);
  root.querySelector("[data-none]").hidden = rows.length > 0;
  root.querySelector("[data-kept]").replaceChildren(...rows.map(([key, shift]) => {
    const row = document.createElement("li");
    const name = [...chosen.options].find((one) => one.value === key)?.textContent ?? key;
    const words = Object.assign(document.createElement("div"), { textContent: name });
    words.append(Object.assign(document.createElement("p"), { className: "sub", textContent: said(shift) || "正好" }));
    const off = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: "清除" });
    off.setAttribute("aria-label", `清除${name}的对位`);
    off.addEventListener("click", () => { keep(key, null); list(); count(); });
    row.append(words, off);
    return row;
  }));
}
chosen.addEventListener("change", () => { link(); count(); });
for (const box of Object.values(measured)) box.addEventListener("input", count);
button.addEventListener("click", () => {
  if (!next) return;
  keep(chosen.value, next);
  for (const box of Object.values(measured)) box.value = "";
  list();
  count();
  result.textContent = "已保存。再打一张测试页看看。";
});
link();
list();
