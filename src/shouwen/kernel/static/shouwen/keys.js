// Keyboard: any link, button or field with data-key="n" (or "g b") answers to it. Never while somebody types.
// Pages add keys in their HTML: <a href="…" data-key="n" data-key-title="新工单">; `?` lists what this page knows.
// data-also="F2" names a key that the page's own script answers to, so that `?` lists it too.

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
  const known = new Map(FIXED.map(([key, title]) => [key, [title]]));
  for (const item of document.querySelectorAll("[data-key], [data-also]")) {
    const { key, also, keyTitle } = item.dataset;
    known.set(key ?? also, [keyTitle || item.textContent.trim(), ...(key && also ? [also] : [])]);
  }
  dialog.querySelector("[data-keys]").replaceChildren(...[...known].map(([key, [title, ...others]]) => {
    const row = document.createElement("div");
    const keys = document.createElement("dt");
    for (const [place, each] of [key, ...others].entries()) {
      if (place) keys.append(" 或 ");
      for (const part of each.split(" ")) { const cap = document.createElement("kbd"); cap.textContent = part; keys.append(cap); }
    }
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

// The folds of the menu stay as they were left, from page to page (config/menus.py reads the cookie).
document.addEventListener("click", (event) => {
  const fold = event.target.closest(".side-fold > summary")?.parentElement;
  if (!fold) return;
  const open = [...document.querySelectorAll(".side-fold")].filter((one) => one.open !== (one === fold)); // the click turns it next
  const place = document.querySelector(".brand")?.pathname ?? "/";
  document.cookie = `menu=${open.map((one) => one.dataset.fold).join(".")}; path=${place.endsWith("/") ? place : "/"}; max-age=31536000; samesite=lax`;
});
