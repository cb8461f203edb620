// Sending forms: ask first where asked to, never twice, and with a key by which a second sending is known.

const newKey = () => crypto.randomUUID?.() // only on https and localhost; intranets often have neither
  ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16));

function renewKeys(root) {
  for (const input of root.querySelectorAll?.('input[name="idempotency_key"]') ?? []) input.value = newKey();
}

const tell = (text, kind) => document.dispatchEvent(new CustomEvent("flash", { detail: { text, kind } }));

// --- confirm: <button data-confirm="确定作废这张收据？" data-confirm-ok="作废" data-confirm-danger> ---

const granted = new WeakSet();
document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-confirm]");
  if (!asked || granted.delete(asked)) return;
  const dialog = document.getElementById("confirm");
  if (!dialog) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (asked.form && !asked.formNoValidate && !asked.form.reportValidity()) return;
  dialog.querySelector("#confirm-text").textContent = asked.dataset.confirm;
  const ok = dialog.querySelector("[data-ok]");
  ok.textContent = asked.dataset.confirmOk || "确定";
  ok.classList.toggle("btn-danger", "confirmDanger" in asked.dataset);
  ok.classList.toggle("btn-primary", !("confirmDanger" in asked.dataset));
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return asked.focus();
    granted.add(asked);
    asked.click();
  }, { once: true });
  dialog.showModal();
}, true);

// --- never twice ---

function setBusy(form, busy) {
  form.toggleAttribute("data-busy", busy);
  for (const button of form.querySelectorAll('button:not([type="button"]), input[type="submit"]')) {
    button.toggleAttribute("aria-busy", busy);
    if (busy && !button.disabled) { button.disabled = true; button.dataset.held = ""; }
    if (!busy && "held" in button.dataset) { button.disabled = false; delete button.dataset.held; }
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return; // htmx has its own events; searches may repeat
  if (form.hasAttribute("data-busy")) return event.preventDefault();
  if (navigator.onLine === false) {
    event.preventDefault();
    return tell("网络已断开，没有提交。填写的内容还在，恢复后请再点一次。", "danger");
  }
  const token = form.querySelector('input[name="csrfmiddlewaretoken"]');
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  if (token && cookie) token.value = decodeURIComponent(cookie.slice(10)); // signed in anew in another window
  setTimeout(() => setBusy(form, true)); // after the browser has taken the pressed button's value
  setTimeout(() => setBusy(form, false), 15000); // a download leaves the page standing; the key still guards
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt.closest("form");
  if (!form || event.detail.requestConfig.verb === "get") return;
  if (form.hasAttribute("data-busy")) event.preventDefault(); else setBusy(form, true);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest("form");
  if (!form || event.detail.requestConfig.verb === "get") return;
  setBusy(form, false);
  if (event.detail.successful) renewKeys(form);
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return; // back from the browser's memory: this is a new sending
  for (const form of document.querySelectorAll("form[data-busy]")) setBusy(form, false);
  renewKeys(document);
});
for (const input of document.querySelectorAll('input[name="idempotency_key"]')) if (!input.value) input.value = newKey();

// --- small conveniences of forms ---

document.addEventListener("change", (event) => { // filters apply at once; a switch without a name unfolds them, a word is searched with Enter
  const { form, name, type } = event.target;
  if (name && type !== "search" && form?.matches("[data-auto]")) form.requestSubmit();
});
document.addEventListener("keydown", (event) => { // Ctrl+Enter sends from a text area
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.tagName === "TEXTAREA") event.target.form?.requestSubmit();
});
document.addEventListener("click", (event) => { // click a row to open it; links and buttons inside keep their own meaning
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a, button, input, label, select") && !getSelection().toString()) location.assign(row.dataset.href);
});
