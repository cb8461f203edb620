// Forms of steps: fields that belong to an answer come and go with it, "now" is now, defaults follow, files are sent at once.

import { begin as pickers } from "./pickers.js";

const served = Number(document.querySelector('meta[name="server-now"]')?.content) || Date.now() / 1000;
const ahead = Date.now() / 1000 - served;
const LARGEST = 10 * 1024 * 1024;
const tell = (text, kind) => document.dispatchEvent(new CustomEvent("flash", { detail: { text, kind } }));
const boxOf = (input) => input.closest(".field");

// --- only_if ---

function given(form, name) {
  const found = [];
  for (const input of form.elements) {
    if (input.name !== name && !input.name.startsWith(`${name}.`)) continue;
    if (boxOf(input)?.hidden) continue;
    if ((input.type === "radio" || input.type === "checkbox") && !input.checked) continue;
    if (input.value) found.push(input.value);
  }
  return found;
}
function holds(form, condition) {
  return condition.every(([name, wanted]) => {
    const values = given(form, name);
    if (Array.isArray(wanted)) return values.some((value) => wanted.includes(value));
    return values.length >= wanted || values.some((value) => Number(value) >= wanted);
  });
}
function refresh(form) {
  const boxes = new Map();
  for (const input of form.querySelectorAll("[data-only-if]")) {
    if (input.dataset.onlyIf && boxOf(input)) boxes.set(boxOf(input), JSON.parse(input.dataset.onlyIf));
  }
  for (let round = 0; round < 6; round += 1) { // one answer may uncover the next
    let changed = false;
    for (const [box, condition] of boxes) {
      const hide = !holds(form, condition);
      if (box.hidden !== hide) { box.hidden = hide; changed = true; }
    }
    if (!changed) break;
  }
}

// --- defaults that follow another answer, until somebody chooses ---

const touched = new WeakMap(); // form → names of fields that somebody has answered
function follow(form, changed) {
  for (const input of form.querySelectorAll("[data-default-by]")) {
    const [source, map] = JSON.parse(input.dataset.defaultBy);
    if (changed !== source || touched.get(form)?.has(input.name)) continue;
    const wanted = map[given(form, source)[0]];
    if (!wanted) continue;
    if (input.type === "radio") input.checked = input.value === wanted; else input.value = wanted;
  }
}

// --- now ---

function nowText(type, later = 0) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-CA", {
    timeZone: "Asia/Shanghai", hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }).formatToParts(new Date(Date.now() - ahead * 1000 + later * 60000)).map((part) => [part.type, part.value]));
  const day = `${parts.year}-${parts.month}-${parts.day}`;
  const clock = `${parts.hour}:${parts.minute}`;
  return type === "date" ? day : type === "time" ? clock : `${day}T${clock}`;
}
document.addEventListener("focusin", (event) => { // a page left open since the morning: now is when one begins to type
  const form = event.target.closest("form[data-steps]");
  if (!form || "begun" in form.dataset) return;
  form.dataset.begun = "";
  if (form.querySelector(".form-errors")) return; // shown again with what was typed
  for (const input of form.querySelectorAll("[data-now]")) if (input.value === input.defaultValue) input.value = nowText(input.type);
});

// --- files ---

function shown(line, kept, name) {
  const input = Object.assign(document.createElement("input"), { type: "hidden", name, value: kept.key });
  const words = document.createElement("span");
  words.textContent = kept.name;
  const drop = Object.assign(document.createElement("button"), { type: "button", className: "btn-close" });
  drop.dataset.drop = "";
  drop.setAttribute("aria-label", `移除${kept.name}`);
  const image = line.querySelector("img");
  line.replaceChildren(input, ...(image ? [image] : []), words, drop);
  line.classList.remove("is-sending");
}
function post(body, progress) { // fetch tells nothing of how far a sending is
  const token = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", document.querySelector("[data-attach-url]").dataset.attachUrl);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token ? decodeURIComponent(token.slice(10)) : "");
    request.upload.onprogress = (event) => { if (event.lengthComputable) progress(event.loaded / event.total); };
    request.onerror = () => reject(new TypeError());
    request.onload = () => {
      try {
        const said = JSON.parse(request.responseText);
        if (request.status < 300) resolve(said); else reject(new Error(said.error?.message));
      } catch (problem) { reject(problem); }
    };
    request.send(body);
  });
}
async function send(box, file) {
  const list = box.querySelector(".uploads");
  const line = document.createElement("li");
  line.className = "is-sending";
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  const words = Object.assign(document.createElement("span"), { textContent: `正在上传 ${file.name}` });
  let preview = null;
  if (file.type.startsWith("image/")) {
    preview = URL.createObjectURL(file);
    line.append(Object.assign(document.createElement("img"), { src: preview, alt: "", width: 56, height: 42 }));
  }
  line.append(words, bar);
  list.append(line);
  const form = box.closest("form");
  const body = new FormData();
  body.append("file", file);
  if (form.dataset.ticket) body.append("ticket", form.dataset.ticket);
  body.append("purpose", box.querySelector(".upload-purpose input:checked")?.value ?? box.dataset.purpose ?? "");
  const retry = () => { line.remove(); send(box, file); };
  try {
    const said = await post(body, (share) => { bar.value = share; });
    if (!("many" in box.dataset)) list.replaceChildren(line);
    shown(line, said, box.dataset.name);
  } catch (problem) {
    line.remove();
    const lost = problem instanceof TypeError || problem instanceof SyntaxError || !problem.message;
    const text = lost ? `「${file.name}」没有传上去，请检查网络。` : problem.message;
    document.dispatchEvent(new CustomEvent("flash", { detail: { text, kind: "danger", action: lost ? { title: "重传", run: retry } : null } }));
  }
}
document.addEventListener("change", (event) => {
  const box = event.target.type === "file" && event.target.closest(".upload");
  if (!box) return;
  for (const file of event.target.files) {
    if (file.size > LARGEST) tell(`「${file.name}」超过 10 MB，请压缩后再上传。`, "danger");
    else send(box, file);
  }
  event.target.value = "";
});
document.addEventListener("click", (event) => { if (event.target.closest("[data-drop]")) event.target.closest("li").remove(); });

// --- long lists of people: type to narrow ---

function narrow(fieldset) {
  const options = fieldset.querySelector(".options");
  if (!options || options.children.length < 12 || fieldset.querySelector(".options-find")) return;
  const find = Object.assign(document.createElement("input"), { type: "search", className: "form-control options-find", placeholder: "输入姓名或岗位筛选" });
  find.addEventListener("input", (event) => {
    event.stopPropagation();
    for (const option of options.children) option.hidden = !option.textContent.includes(find.value.trim()) && !option.querySelector("input").checked;
  });
  options.classList.add("options-long");
  options.before(find);
}

function corrected(input) { // what was wrong and is being mended is no longer shown as wrong
  const box = boxOf(input);
  if (!box?.classList.contains("has-error")) return;
  box.classList.remove("has-error");
  box.querySelector(".field-error")?.remove();
  for (const one of box.querySelectorAll(".is-invalid")) one.classList.remove("is-invalid");
}

// --- moments: what people mean most often, by one touch ---

function moments(input) {
  if (input.nextElementSibling?.matches(".moment-near")) return;
  const near = Object.assign(document.createElement("div"), { className: "moment-near" });
  const later = (minutes) => nowText("datetime-local", minutes);
  for (const [title, value] of [["现在", () => later(0)], ["1 小时后", () => later(60)], ["明天 9:00", () => `${later(1440).slice(0, 10)}T09:00`]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: title });
    button.addEventListener("click", () => { input.value = value(); input.dispatchEvent(new Event("change", { bubbles: true })); corrected(input); });
    near.append(button);
  }
  input.after(near);
}

// --- a list to tick: all of it at once ---

function ticks(items) {
  if (items.querySelector(".tick-all") || items.children.length < 3) return;
  const all = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm tick-all", textContent: "全部「是」" });
  all.addEventListener("click", () => {
    for (const one of items.querySelectorAll('input[value="yes"]')) {
      if (items.querySelector(`[name="${CSS.escape(one.name)}"]:checked`)) continue;
      one.checked = true;
      one.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
  items.append(all);
}

function begin(root) {
  for (const form of root.matches?.("form[data-steps]") ? [root] : root.querySelectorAll?.("form[data-steps]") ?? []) {
    refresh(form);
    form.classList.add("is-ready");
    form.querySelectorAll("fieldset").forEach(narrow);
    form.querySelectorAll("input[data-moment]").forEach(moments);
    form.querySelectorAll(".items[data-ticks]").forEach(ticks);
    form.querySelector(".has-error :is(input:not([type=hidden]), select, textarea):not(:disabled)")?.focus();
  }
  pickers(root);
}
for (const kind of ["input", "change"]) document.addEventListener(kind, (event) => {
  const form = event.target.closest?.("form[data-steps]");
  if (!form) return;
  if (event.isTrusted) touched.set(form, (touched.get(form) ?? new Set()).add(event.target.name));
  if (event.isTrusted) corrected(event.target);
  if (kind === "change") follow(form, event.target.name);
  refresh(form);
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-steps]") && event.target.querySelector(".uploads li:not(:has(input))")) {
    event.preventDefault();
    event.stopImmediatePropagation();
    tell("还有文件正在上传，请等传完再提交。", "warning");
  }
}, true);
document.addEventListener("htmx:load", (event) => begin(event.detail.elt));
begin(document);
