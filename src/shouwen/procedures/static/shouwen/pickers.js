// Long lists to choose from: type to narrow, arrows and Enter to choose. A <select data-search> keeps the value; <input data-unit> asks the register.

let count = 0;

function combobox(input, options, chosen) {
  const list = Object.assign(document.createElement("ul"), { id: `picks-${count += 1}`, className: "picks", hidden: true });
  list.setAttribute("role", "listbox");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-autocomplete", "list");
  input.autocomplete = "off";
  const frame = document.createElement("div");
  frame.className = "pick-frame";
  input.before(frame);
  frame.append(input, list);
  let at = -1;
  let asked = 0;
  const rows = () => [...list.querySelectorAll('[role="option"]')];
  function close() { list.hidden = true; at = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); }
  function point(next) {
    const all = rows();
    if (!all.length) return;
    at = (next + all.length) % all.length;
    all.forEach((row, n) => row.setAttribute("aria-selected", String(n === at)));
    input.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  }
  async function open(text) {
    const mine = asked += 1;
    const answer = await options(text);
    if (mine !== asked) return;
    const found = answer ?? [];
    list.replaceChildren();
    let group = "";
    found.slice(0, 60).forEach((one, n) => {
      if (one.group && one.group !== group) {
        group = one.group;
        list.append(Object.assign(document.createElement("li"), { className: "picks-group", textContent: group, role: "presentation" }));
      }
      const row = Object.assign(document.createElement("li"), { id: `${list.id}-${n}`, textContent: one.title });
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", "false");
      row.dataset.value = one.value;
      if (one.detail) row.append(Object.assign(document.createElement("span"), { className: "sub", textContent: one.detail }));
      list.append(row);
    });
    if (!found.length && text) list.append(Object.assign(document.createElement("li"), { className: "picks-none", textContent: answer ? "没有找到，换个字试试" : "没有信号，查不了。请写完整房号，如 3-1-1201" }));
    list.hidden = !list.children.length || document.activeElement !== input;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (text && found.length) point(0);
  }
  function choose(row) { close(); chosen(row.dataset.value, row.firstChild.textContent); }
  input.addEventListener("input", (event) => { if (event.isTrusted) open(input.value.trim()); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open(""); else point(at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !list.hidden && at >= 0) {
      event.preventDefault();
      event.stopPropagation();
      choose(rows()[at]);
    } else if (event.key === "Escape" && !list.hidden) { event.stopPropagation(); close(); }
  });
  list.addEventListener("pointerdown", (event) => { event.preventDefault(); const row = event.target.closest('[role="option"]'); if (row) choose(row); });
  input.addEventListener("blur", close);
  return { open, close };
}

function searchable(select) {
  const input = Object.assign(document.createElement("input"), { type: "text", className: "form-control", id: select.id, placeholder: "输入姓名、岗位或部门" });
  const all = () => [...select.options].filter((option) => option.value).map((option) => ({ value: option.value, title: option.text, group: option.closest("optgroup")?.label }));
  if (![...select.options].some((option) => option.closest("optgroup"))) input.placeholder = "输入几个字，或按 ↓ 看全部";
  const shown = () => { input.value = select.value ? select.selectedOptions[0].text : ""; };
  select.id = `${select.id}-list`;
  select.classList.add("visually-hidden");
  select.tabIndex = -1;
  select.setAttribute("aria-hidden", "true");
  select.after(input);
  for (const name of ["aria-describedby", "aria-invalid"]) if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  const box = combobox(input, async (text) => all().filter((one) => (one.title + (one.group ?? "")).toLowerCase().includes(text.toLowerCase())), (value) => {
    select.value = value;
    shown();
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("click", () => { input.select(); box.open(""); });
  input.addEventListener("blur", () => { // what was typed and not chosen chooses nothing; emptied, it is none
    if (!input.value.trim() && select.value) { select.value = ""; select.dispatchEvent(new Event("change", { bubbles: true })); }
    shown();
  });
  select.addEventListener("change", shown);
  select.form?.addEventListener("reset", () => setTimeout(shown));
  shown();
}

function units(input) {
  const url = document.querySelector("[data-attach-url]")?.dataset.attachUrl.replace(/attachments$/, "units");
  if (!url) return;
  const last = () => input.value.split(/[,，]/).at(-1).trim();
  combobox(input, async () => {
    if (last().length < 2) return [];
    try {
      const answer = await fetch(`${url}?q=${encodeURIComponent(last())}`, { headers: { Accept: "application/json" } });
      return answer.ok ? await answer.json() : [];
    } catch { return null; }
  }, (value) => {
    input.value = [...input.value.split(/[,，]/).slice(0, -1).map((part) => part.trim()), value].join("，");
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// As the server sent them: for a copy of a page that is kept, in which nothing listens yet.
export function undo(root) {
  for (const frame of root.querySelectorAll(".pick-frame")) {
    const select = frame.previousElementSibling?.matches("select[data-search]") ? frame.previousElementSibling : null;
    if (select) {
      select.id = select.id.replace(/-list$/, "");
      select.classList.remove("visually-hidden");
      for (const name of ["tabindex", "aria-hidden"]) select.removeAttribute(name);
      frame.remove();
    } else {
      const input = frame.querySelector("input");
      for (const name of ["role", "aria-controls", "aria-expanded", "aria-autocomplete", "aria-activedescendant"]) input.removeAttribute(name);
      frame.replaceWith(input);
    }
  }
}

export function begin(root) {
  for (const select of root.querySelectorAll("select[data-search]")) { if (!select.id.endsWith("-list")) searchable(select); }
  for (const input of root.querySelectorAll("input[data-unit]")) { if (!input.hasAttribute("role")) units(input); }
}
