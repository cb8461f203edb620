// Keyboard: any link, button or field with data-key="n" (or "g b") answers to it. Never while somebody types.
// Pages add keys in their HTML: <a href="…" data-key="n" data-key-title="新工单">; `?` lists what this page knows.

const FIXED = [
  ["/", "搜索", () => document.querySelector("[data-search]")?.select()],
  ["t", "时间显示：具体时刻 / 多久以前", () => document.querySelector("[data-times-next]")?.click()],
  ["?", "快捷键一览", help],
];
const enabled = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
const typing = (target) => target.closest?.('input:not([type="checkbox"]):not([type="radio"]), textarea, select, [contenteditable="true"]');

let pressed = "";
let pause = 0;

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && typing(event.target)) return event.target.blur();
  if (typing(event.target) || document.querySelector("dialog[open]") || !enabled() || event.key.length !== 1) return;
  clearTimeout(pause);
  pressed = pressed ? `${pressed} ${event.key}` : event.key;
  pause = setTimeout(() => { pressed = ""; }, 1000);
  const own = [...document.querySelectorAll("[data-key]")].filter((item) => item.dataset.key === pressed);
  const item = own.find((one) => one.offsetParent) ?? own[0];
  const fixed = FIXED.find(([key]) => key === pressed);
  const begun = [...document.querySelectorAll("[data-key]")].some((one) => one.dataset.key.startsWith(`${pressed} `));
  if (!item && !fixed) { if (!begun) pressed = ""; return; }
  event.preventDefault();
  pressed = "";
  if (fixed) fixed[2]();
  else if (item.matches("input, textarea, select")) item.focus();
  else item.click();
});

function help() {
  const dialog = document.getElementById("keys-help");
  if (!dialog) return;
  const known = new Map(FIXED.map(([key, title]) => [key, title]));
  for (const item of document.querySelectorAll("[data-key]")) known.set(item.dataset.key, item.dataset.keyTitle || item.textContent.trim());
  dialog.querySelector("[data-keys]").replaceChildren(...[...known].map(([key, title]) => {
    const row = document.createElement("div");
    const keys = document.createElement("dt");
    for (const part of key.split(" ")) { const cap = document.createElement("kbd"); cap.textContent = part; keys.append(cap); }
    const words = document.createElement("dd");
    words.textContent = title;
    row.append(keys, words);
    return row;
  }));
  const on = dialog.querySelector("[data-keys-on]");
  on.checked = enabled();
  on.onchange = () => { try { localStorage.setItem("keys", on.checked ? "on" : "off"); } catch { /* stays on */ } };
  dialog.showModal();
}
document.addEventListener("click", (event) => { if (event.target.closest("[data-help]")) help(); });
