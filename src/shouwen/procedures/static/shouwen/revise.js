// Changing a procedure: every box says its own path; a change is sent by itself, one after another, and the panel answers.

const root = document.querySelector("[data-revise]");
let waiting = Promise.resolve();

function send(box, deed, path, value, was, undo) {
  waiting = waiting.then(() => new Promise((done) => {
    const values = { deed, path, value: JSON.stringify(value) };
    if (was !== undefined) values.was = JSON.stringify(was);
    const after = (event) => {
      document.body.removeEventListener("htmx:afterRequest", after);
      if (event.detail.successful) keep(box, value); else undo?.();
      done();
    };
    document.body.addEventListener("htmx:afterRequest", after);
    window.htmx.ajax("POST", root.dataset.revise, { target: "#panel", swap: "innerHTML", values });
  }));
}
function keep(box, value) {
  if (!box) return;
  if (typeof value === "string") box.dataset.was = value;
  if (Array.isArray(value)) box.dataset.was = value.join("|");
  box.closest(".step-box")?.classList.add("is-changed");
}

// --- lengths of time ---

const WITHOUT = ["end of day", "end of shift", "end of month", "at once", "promptly"];
function amounts(box) {
  const amount = box.querySelector(".span-amount");
  amount.hidden = WITHOUT.includes(box.querySelector(".span-unit").value);
}
function span(box) {
  amounts(box);
  const amount = box.querySelector(".span-amount");
  const unit = box.querySelector(".span-unit").value;
  if (!amount.hidden && !/^\d{1,5}$/.test(amount.value)) return;
  const value = { amount: amount.hidden ? "0" : amount.value, unit, from: box.dataset.was };
  const back = () => {
    const [, number, name] = box.dataset.was.match(/^(\d+) (\D+?)s?(?: (?:from|before) .*)?$/) ?? [null, "0", box.dataset.was.replace(/ (?:of|from|before) .*$/, "")];
    amount.value = number;
    box.querySelector(".span-unit").value = name;
    amounts(box);
  };
  send(box, box.dataset.deed, box.dataset.path, value, box.dataset.deed === "put" ? box.dataset.was : undefined, back);
}

// --- everything else ---

function names(box) {
  const was = box.dataset.was ? box.dataset.was.split("|") : [];
  const chosen = [...box.querySelectorAll("input:checked")].map((input) => input.value);
  box.querySelector(".names-said").textContent = [...box.querySelectorAll("input:checked")].map((input) => input.nextElementSibling.textContent).join("、") || "不告知";
  send(box, chosen.length ? "put" : "drop", box.dataset.path, chosen, chosen.length ? was : undefined, () => {
    for (const input of box.querySelectorAll("input")) input.checked = was.includes(input.value);
  });
}
function words(box) {
  const value = box.value.trim();
  if (value === box.dataset.was) return;
  const was = box.dataset.was;
  const back = () => { box.value = was; };
  if (!value && !("mayDrop" in box.dataset)) { back(); document.dispatchEvent(new CustomEvent("flash", { detail: { text: "这一项不能空着。", kind: "warning" } })); return; }
  send(box, value ? "put" : "drop", box.dataset.path, value, value ? was : undefined, back);
}
function finder(box, how) {
  const place = ["heads", "member"].includes(box.querySelector("[data-how]").value);
  box.querySelector("[data-posts]").hidden = place;
  box.querySelector("[data-departments]").hidden = !place;
  const slug = box.querySelector(place ? "[data-departments]" : "[data-posts]").value;
  send(box, "find", box.dataset.path, `${box.querySelector("[data-how]").value} ${slug}`, undefined, how);
}

root?.addEventListener("change", (event) => {
  const box = event.target.closest("[data-span], [data-names], [data-text], [data-choice], [data-flag], [data-finder]");
  if (!box || event.target.closest("form")) return;
  if ("span" in box.dataset) span(box);
  else if ("names" in box.dataset) names(box);
  else if ("finder" in box.dataset) finder(box);
  else if ("flag" in box.dataset) send(box, box.checked ? "drop" : "put", box.dataset.path, "yes", undefined, () => { box.checked = !box.checked; });
  else words(box);
});
root?.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-deed]");
  if (button) send(button, button.dataset.deed, button.dataset.path, JSON.parse(button.dataset.value ?? '""'));
  for (const list of root.querySelectorAll("details.names[open]")) if (!list.contains(event.target)) list.open = false;
});
root?.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-new-rung], [data-new-option]");
  if (!form) return;
  event.preventDefault();
  event.stopPropagation();
  if ("newOption" in form.dataset) { send(null, "add", form.dataset.path, form.elements.title.value.trim()); return; }
  const amount = form.elements.amount.value;
  if (!/^\d{1,5}$/.test(amount)) return;
  const key = `${Number(amount)} ${form.elements.unit.value}${Number(amount) === 1 ? "" : "s"}`;
  send(null, "put", `${form.dataset.path}/${key}`, { tell: [form.elements.tell.value] }, []);
});

// --- back and forward: what was sent before goes first, and the page opens again where it was ---

const KEPT = "revise-view";
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-undo]");
  if (!form) return;
  const open = [...document.querySelectorAll("details[open][id]")].map((box) => box.id);
  sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, y: scrollY, open }));
  if (form.dataset.undo === "ready") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting.then(() => new Promise((done) => setTimeout(done))).then(() => { // a form that is being submitted cannot be submitted anew
    const step = event.submitter?.value;
    const button = form.isConnected ? event.submitter : document.querySelector(`[data-undo] button[value="${step}"]`);
    if (!button || button.disabled) return;
    button.form.dataset.undo = "ready";
    button.form.requestSubmit(button);
  });
}, true);
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || !["z", "y"].includes(event.key.toLowerCase())) return;
  const at = document.activeElement;
  const typed = at?.matches("textarea, input:not([type]), input[type=text], input[type=number]");
  if (typed && (at.id === "source" || at.value !== (at.dataset.was ?? at.defaultValue))) return; // the field's own
  const key = event.shiftKey || event.key.toLowerCase() === "y" ? "Z" : "z";
  event.preventDefault();
  document.querySelector(`[data-undo-key="${key}"]:not([disabled])`)?.click();
});
const view = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
sessionStorage.removeItem(KEPT);
if (view?.path === location.pathname) {
  for (const id of view.open) document.getElementById(id)?.setAttribute("open", "");
  scrollTo({ top: view.y, behavior: "instant" });
}

// --- the file itself: line numbers, and from a problem to its line ---

const source = document.getElementById("source");
const lines = document.getElementById("lines");
function numbered() {
  const count = source.value.split("\n").length;
  lines.textContent = Array.from({ length: count }, (_, i) => i + 1).join("\n");
}
if (source) {
  numbered();
  source.addEventListener("input", numbered);
  source.addEventListener("scroll", () => { lines.scrollTop = source.scrollTop; });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    const before = source.value.split("\n").slice(0, Number(link.dataset.line) - 1).join("\n").length;
    const end = source.value.indexOf("\n", before + 1);
    source.focus();
    source.setSelectionRange(before + (before ? 1 : 0), end < 0 ? source.value.length : end);
    source.scrollTop = (Number(link.dataset.line) - 5) * parseFloat(getComputedStyle(source).lineHeight);
  });
}
const begin = (within) => { for (const box of within.querySelectorAll?.("[data-span]") ?? []) amounts(box); };
begin(document);
document.addEventListener("htmx:load", (event) => begin(event.detail.elt));
