// A long form half filled in outlives a closed page: <form data-draft="complaint">. Kept in this tab's sessionStorage only,
// per person, until it was sent; never passwords, files, hidden fields, or anything marked data-private.

const PREFIX = "draft:";
const user = document.body.dataset.user || "";
const page = document.body.dataset.page;

const store = {
  all: () => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)),
  read: (key) => { try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; } },
  write: (key, value) => { try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* full: no draft */ } },
};
const forget = (wanted = () => true) => store.all().filter(wanted).forEach((key) => sessionStorage.removeItem(key));
const keyOf = (form) => `${PREFIX}${user}:${form.dataset.draft}`;

function fields(form) {
  return [...form.elements].filter((field) => field.name && !field.closest("[data-private]")
    && !["hidden", "password", "file", "submit", "button"].includes(field.type));
}
function take(form) {
  const values = [];
  fields(form).forEach((field, at) => {
    if (field.type === "checkbox" || field.type === "radio") { if (field.checked !== field.defaultChecked) values.push([at, field.name, field.checked]); }
    else if (field.tagName === "SELECT" && field.multiple) values.push([at, field.name, [...field.selectedOptions].map((option) => option.value)]);
    else if (field.value !== field.defaultValue && field.value) values.push([at, field.name, field.value]);
  });
  return values;
}
function put(form, values) {
  const all = fields(form);
  for (const [at, name, value] of values) {
    const field = all[at]?.name === name ? all[at] : null;
    if (!field) continue;
    if (typeof value === "boolean") field.checked = value;
    else if (Array.isArray(value)) for (const option of field.options) option.selected = value.includes(option.value);
    else field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

// Another person at the same desk, or somebody signing out: nothing stays behind.
if (user) forget((key) => !key.startsWith(`${PREFIX}${user}:`));
document.addEventListener("submit", (event) => { if (event.target.matches("[data-logout]")) forget(); });
// The page after a success says so; only then is what was sent forgotten.
if (document.querySelector('#toasts .toast-line[data-kind="success"]')) forget((key) => store.read(key)?.sent);

for (const form of document.querySelectorAll("form[data-draft]")) {
  const draft = store.read(keyOf(form));
  const answered = form.querySelector(".is-invalid") || document.querySelector(".form-errors"); // the server filled it in again
  if (draft && !answered && draft.values.length) {
    put(form, draft.values);
    const note = document.createElement("div");
    note.className = "draft-note";
    note.setAttribute("role", "status");
    note.append(draft.sent ? "上次提交没有得到答复，已恢复当时填写的内容。提交前请先确认没有重复登记。" : "已恢复上次没有提交的内容。");
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "btn btn-sm";
    drop.textContent = "清空重填";
    drop.addEventListener("click", () => { sessionStorage.removeItem(keyOf(form)); form.reset(); note.remove(); });
    note.append(drop);
    form.prepend(note);
  }
}

let waiting = 0;
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form?.matches("[data-draft]")) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => store.write(keyOf(form), { values: take(form), sent: false }), 400);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-draft]")) return;
  clearTimeout(waiting);
  store.write(keyOf(event.target), { values: take(event.target), sent: true });
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest("form[data-draft]");
  if (form && event.detail.successful && event.detail.requestConfig.verb !== "get") sessionStorage.removeItem(keyOf(form));
});
if (page === "login" && !new URLSearchParams(location.search).get("next")) forget();
