// The counter by keyboard: find who calls, choose what it is, write it down, save; then the next call.

const desk = document.getElementById("desk");
const find = document.getElementById("find");
const filter = document.getElementById("matter-find");
const matters = [...document.querySelectorAll(".matter")];
const chosen = { unit: desk.dataset.unit, person: desk.dataset.person, matter: desk.dataset.matter };
const form = () => document.getElementById("file-form");

function address(base) {
  const query = new URLSearchParams();
  if (chosen.unit) query.set("at_unit", chosen.unit);
  if (chosen.person) query.set("at_person", chosen.person);
  if (chosen.matter) query.set("procedure", chosen.matter);
  if (lines()?.dataset.call) query.set("call", lines().dataset.call);
  return query.size ? `${base}?${query}` : base;
}
const lines = () => document.getElementById("calls");
const settle = () => history.replaceState(null, "", address(desk.dataset.pageUrl));
function remember() { // calls.js keeps the call by what stands here
  Object.assign(desk.dataset, chosen);
  settle();
  document.dispatchEvent(new CustomEvent("desk-changed"));
}
document.addEventListener("call-kept", settle);

// --- who calls ---

const hits = () => [...document.querySelectorAll("#hits [role=option]")];
function mark(at) {
  const all = hits();
  all.forEach((hit, index) => hit.setAttribute("aria-selected", String(index === at)));
  find.setAttribute("aria-expanded", String(all.length > 0));
  if (all[at]) { find.setAttribute("aria-activedescendant", all[at].id); all[at].scrollIntoView({ block: "nearest" }); } else find.removeAttribute("aria-activedescendant");
}
async function call(unit, person) {
  Object.assign(chosen, { unit, person });
  remember();
  await window.htmx.ajax("GET", address(desk.dataset.callerUrl), { target: "#caller", swap: "outerHTML" });
  carry();
}
function carry() { // the unit and the name into a form already begun, unless somebody typed something else there
  const panel = document.getElementById("caller");
  if (!form()) return;
  form().elements.at_unit.value = chosen.unit;
  form().elements.at_person.value = chosen.person;
  const own = { unit: panel.dataset.code, caller: panel.dataset.name, visitor: panel.dataset.name };
  for (const [name, value] of Object.entries(own)) {
    const field = form().elements[name];
    if (!field || !value || (field.value && field.value !== field.dataset.carried && field.value !== field.defaultValue)) continue;
    field.value = field.dataset.carried = value;
  }
  form().dispatchEvent(new Event("change", { bubbles: true }));
}
async function pick(hit) {
  find.value = "";
  document.getElementById("hits").hidden = true;
  mark(-1);
  await call(hit.dataset.unit, hit.dataset.person);
  if (!hit.dataset.unit) document.dispatchEvent(new CustomEvent("flash", { detail: { text: `${hit.dataset.title} 没有登记在住的房屋，可以直接选事项受理。`, kind: "info" } }));
  if ([find, filter, document.body].includes(document.activeElement)) onward();
}
const onward = () => (form() ? empty() : filter).focus();
function empty() { // the first field that must still be filled, else the button; what is optional is reached with Tab
  const fields = [...form().querySelectorAll(".step-fields input, .step-fields select, .step-fields textarea")]
    .filter((field) => field.offsetParent && !["hidden", "file"].includes(field.type));
  const bare = (field) => (field.type === "radio" ? !form().querySelector(`[name="${field.name}"]:checked`) : field.type !== "checkbox" && !field.value);
  return fields.find((field) => bare(field) && field.closest(".field")?.querySelector(".needed")) ?? form().querySelector('button[type="submit"]');
}

find.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const all = hits();
  const at = all.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (all.length) mark((at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length);
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (!find.value.trim()) return filter.focus();
    if (document.querySelector("#hits").dataset.for === find.value && all[Math.max(at, 0)]) pick(all[Math.max(at, 0)]); else { waiting = find.value; filter.focus(); }
  } else if (event.key === "Escape" && find.value) { // empty, it leaves the field, and single keys work
    event.stopPropagation();
    find.value = "";
    document.getElementById("hits").hidden = true;
  }
});
for (const field of [find, filter]) field.addEventListener("keydown", (event) => { // no room and no matter begins with it
  if (!["?", "？"].includes(event.key) || field.value) return;
  event.preventDefault();
  document.querySelector("[data-help]")?.click();
});
let waiting = ""; // Enter came before the answer: take the first when it is there; what is typed meanwhile is the matter
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt !== find) return;
  const list = document.getElementById("hits");
  list.dataset.for = new URL(event.detail.xhr.responseURL || location.href).searchParams.get("q") ?? "";
  mark(hits().length ? 0 : -1);
  const first = hits()[0];
  if (!waiting || list.dataset.for !== waiting) return;
  waiting = "";
  if (first) pick(first); else { list.hidden = false; find.focus(); }
});
document.addEventListener("click", (event) => {
  const hit = event.target.closest("#hits [role=option]");
  if (hit) return pick(hit);
  const resident = event.target.closest(".resident");
  if (resident) return call(resident.dataset.unit, resident.dataset.person).then(onward);
  if (event.target.closest("[data-other-matter]")) reopen();
});

// --- what it is ---

const more = document.querySelector(".matter-more"); // the rarer matters, folded until searched for
const listed = () => matters.filter((one) => !one.parentElement.hidden && (!more?.contains(one) || more.open));
function sift() {
  const text = filter.value.trim().toLowerCase();
  for (const one of matters) {
    const [title, ...letters] = one.dataset.spellings.split(" ");
    one.parentElement.hidden = Boolean(text) && !title.includes(text) && !letters.some((spelling) => spelling.startsWith(text));
  }
  if (more) more.open = Boolean(text || more.querySelector("[aria-current]"));
  document.querySelector(".no-matter").hidden = listed().length > 0;
  point(text && listed().length ? 0 : -1);
}
function point(at) {
  matters.forEach((one) => one.classList.remove("is-pointed"));
  listed()[at]?.classList.add("is-pointed");
  listed()[at]?.scrollIntoView({ block: "nearest" });
}
function typed() {
  const values = {};
  for (const field of form()?.elements ?? []) {
    if (!field.name || ["hidden", "file", "submit"].includes(field.type)) continue;
    if (field.type === "radio" || field.type === "checkbox") continue;
    if (field.value && field.value !== field.defaultValue) values[field.name] = field.value;
  }
  return values;
}
async function choose(slug) {
  const before = typed();
  chosen.matter = slug;
  remember();
  await window.htmx.ajax("GET", address(desk.dataset.matterUrl), { target: "#matter", swap: "outerHTML" });
  if (!form()) return;
  for (const [name, value] of Object.entries(before)) { // what was typed for another matter is not typed twice
    const field = form().elements[name];
    if (field && "value" in field && !["radio", "checkbox"].includes(field.type) && field.dataset.now === undefined) field.value = value;
  }
  const { at_unit: unit, at_person: person } = form().elements;
  if (unit.value !== chosen.unit || person.value !== chosen.person) carry(); // who calls was found while the form was on its way
  document.getElementById("matters").classList.add("is-chosen");
  matters.forEach((one) => (one.dataset.matter === slug ? one.setAttribute("aria-current", "true") : one.removeAttribute("aria-current")));
  filter.value = "";
  sift();
  form().dispatchEvent(new Event("change", { bubbles: true })); // fields that do not apply go first
  empty().focus();
}
function reopen() {
  document.getElementById("matters").classList.remove("is-chosen");
  filter.focus();
}
filter.addEventListener("input", () => {
  if (/^[1-9]$/.test(filter.value)) {
    const one = matters.find((matter) => matter.dataset.digit === filter.value);
    if (one) return choose(one.dataset.matter);
  }
  sift();
});
filter.addEventListener("focus", () => document.getElementById("matters").classList.remove("is-chosen"));
filter.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const all = listed();
  const at = all.findIndex((one) => one.classList.contains("is-pointed"));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (all.length) point((at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length);
  } else if (event.key === "Enter") {
    event.preventDefault();
    const one = all[at] ?? (all.length === 1 ? all[0] : null);
    if (one) choose(one.dataset.matter);
  }
});
for (const one of matters) one.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  choose(one.dataset.matter);
});

// --- saving ---

document.addEventListener("keydown", (event) => { // Ctrl+Enter from any field (from a text area forms.js does it)
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form()?.contains(event.target) && event.target.tagName !== "TEXTAREA") {
    event.preventDefault();
    form().requestSubmit();
  } else if (event.key === "Enter" && form()?.contains(event.target) && event.target.matches("input:not([type=submit])") && !event.isComposing) {
    event.preventDefault(); // Enter goes on to the next field; a half-filled form is never sent by accident
    const next = empty();
    (next === event.target ? form().querySelector('button[type="submit"]') : next).focus();
  }
});
document.addEventListener("htmx:beforeRequest", (event) => { // what would follow is about to be true: saving does not wait for it
  if (event.detail.elt === form()) window.htmx.trigger("#outlook", "htmx:abort");
  else if (event.detail.elt.id === "outlook" && form()?.classList.contains("htmx-request")) event.preventDefault();
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "matter" && event.detail.elt.id !== "matter") return;
  document.querySelector("#matter .form-errors")?.focus();
});
document.addEventListener("htmx:afterRequest", (event) => {
  const sent = event.detail.elt.closest?.("form[data-clear]");
  if (!sent || !event.detail.successful) return;
  sent.reset();
  sent.closest("details").open = false;
});
document.addEventListener("htmx:afterSwap", () => { // the whole number was brought into the form
  const field = document.querySelector("[data-focus-next]");
  if (!field) return;
  field.removeAttribute("data-focus-next");
  field.dispatchEvent(new Event("change", { bubbles: true }));
  empty().focus();
});

// --- what to say: h, or F1 from within a field ---

const book = document.getElementById("phrases");
const ask = document.getElementById("phrase-find");
document.addEventListener("htmx:configRequest", (event) => { if (event.detail.elt === ask) event.detail.parameters.procedure = chosen.matter; });
function phrases() {
  ask.value = "";
  book.showModal();
  window.htmx.trigger(ask, "phrases");
  ask.focus();
}
document.addEventListener("click", (event) => { if (event.target.closest("[data-phrases]")) { event.preventDefault(); phrases(); } });
document.addEventListener("keydown", (event) => {
  if (event.key !== "F1" || event.ctrlKey || event.altKey) return;
  event.preventDefault();
  if (book.open) book.close(); else phrases();
});
ask.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.preventDefault(); book.close(); } });
