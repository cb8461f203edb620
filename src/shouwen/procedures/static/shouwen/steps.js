// Forms of steps: fields that belong to an answer come and go with it, "now" is now, defaults follow, files are sent at once.

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

function nowText(type) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-CA", {
    timeZone: "Asia/Shanghai", hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }).formatToParts(new Date(Date.now() - ahead * 1000)).map((part) => [part.type, part.value]));
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

function shown(list, kept, name) {
  const line = document.createElement("li");
  const input = Object.assign(document.createElement("input"), { type: "hidden", name, value: kept.key });
  const words = document.createElement("span");
  words.textContent = kept.name;
  const drop = Object.assign(document.createElement("button"), { type: "button", className: "btn-close" });
  drop.dataset.drop = "";
  drop.setAttribute("aria-label", `移除${kept.name}`);
  line.append(input);
  if (kept.image) line.append(Object.assign(document.createElement("img"), { src: kept.url, alt: "", width: 36, height: 36 }));
  line.append(words, drop);
  list.append(line);
}
async function send(box, file) {
  const list = box.querySelector(".uploads");
  const waiting = document.createElement("li");
  waiting.textContent = `正在上传 ${file.name} …`;
  list.append(waiting);
  const form = box.closest("form");
  const body = new FormData();
  body.append("file", file);
  if (form.dataset.ticket) body.append("ticket", form.dataset.ticket);
  const token = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  try {
    const answer = await fetch(document.body.querySelector("[data-attach-url]").dataset.attachUrl, {
      method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": token ? decodeURIComponent(token.slice(10)) : "" },
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error?.message);
    if (!("many" in box.dataset)) list.replaceChildren(waiting);
    shown(list, said, box.dataset.name);
  } catch (problem) {
    tell(problem.message && !(problem instanceof TypeError) && !(problem instanceof SyntaxError) ? problem.message : `「${file.name}」没有传上去，请检查网络后重新选择。`, "danger");
  } finally {
    waiting.remove();
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

function begin(root) {
  for (const form of root.matches?.("form[data-steps]") ? [root] : root.querySelectorAll?.("form[data-steps]") ?? []) {
    refresh(form);
    form.querySelectorAll("fieldset").forEach(narrow);
  }
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
