// Calls on the line: what is typed is kept on the server within a second, so that a call can be held, resumed and never lost.
// What has not reached the server lies in this tab only enciphered; the key comes with the page, for its user alone.

const desk = document.getElementById("desk");
const bar = () => document.getElementById("calls");
const form = () => document.getElementById("file-form");
const page = desk.dataset.pageUrl;
const SLOT = `draft:${document.body.dataset.user || ""}:counter-line`;
const FRAME = new Set(["csrfmiddlewaretoken", "idempotency_key", "at_unit", "at_person", "procedure", "call", "revision", "window", "line"]);
const chance = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16)).join("");
const stored = (name, fresh) => {
  const found = fresh ? chance() : sessionStorage.getItem(name) ?? chance();
  try { sessionStorage.setItem(name, found); } catch { /* another at each page */ }
  return found;
};
const WINDOW = stored("counter-window");
const LINE = stored("counter-line", performance.getEntriesByType("navigation")[0]?.type !== "reload"); // of a call without a number yet
const flash = (text, kind = "info") => document.dispatchEvent(new CustomEvent("flash", { detail: { text, kind } }));
const token = () => decodeURIComponent(document.cookie.split("; ").find((part) => part.startsWith("csrftoken="))?.slice(10) ?? "");

let dirty = false; // something was typed that the server does not have
let timer = 0;
let running = null;
let filing = false;
let leaving = false;

function say(text, wrong = false) {
  const line = document.getElementById("line-state");
  if (!line || line.textContent.trim() === text) return;
  line.textContent = text;
  line.classList.toggle("is-wrong", wrong);
}

function body() {
  const found = new FormData();
  for (const [name, value] of form() ? new FormData(form()) : []) {
    if (!FRAME.has(name) && typeof value === "string" && value) found.append(name, value);
  }
  found.set("at_unit", desk.dataset.unit);
  found.set("at_person", desk.dataset.person);
  found.set("procedure", desk.dataset.matter);
  found.set("call", bar().dataset.call);
  found.set("revision", bar().dataset.revision);
  found.set("window", WINDOW);
  found.set("line", LINE);
  return found;
}

// --- keeping ---

function touched() {
  if (filing || leaving) return;
  dirty = true;
  hide();
  clearTimeout(timer);
  timer = setTimeout(keep, 700);
}
async function keep() { // true when the server has everything
  clearTimeout(timer);
  if (running) await running;
  if (filing) return false;
  if (!dirty) return true;
  dirty = false;
  running = send(body());
  const kept = await running;
  running = null;
  if (!kept) dirty = true;
  return kept;
}
async function send(data) {
  let answer;
  try {
    answer = await fetch(desk.dataset.keepUrl, { method: "POST", body: data, headers: { "HX-Request": "true", "X-CSRFToken": token() } });
  } catch {
    say("网络断了：写的内容先留在这一页，恢复后自动暂存", true);
    timer = setTimeout(keep, 3000);
    return false;
  }
  if ([401, 403].includes(answer.status) || answer.redirected) {
    if (!document.querySelector("dialog[open]") && !say.told) document.getElementById("signed-out")?.showModal();
    say.told = true;
    say("登录已失效：重新登录后自动续存，写的内容都在", true);
    timer = setTimeout(keep, 3000);
    return false;
  }
  if (answer.status === 409) { // filed or given up in another window: what stands here becomes a call of its own
    if (filing) return false;
    bar().dataset.call = bar().dataset.revision = "";
    data.set("call", "");
    return send(data);
  }
  if (!answer.ok) {
    const said = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-refusal], .alert")?.textContent.trim();
    say(`没有暂存。${said ?? "请先保存受理，或稍后再试。"}`, true);
    return false;
  }
  if (say.told) document.querySelector("#signed-out[open]")?.close();
  say.told = false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("calls");
  Object.assign(bar().dataset, { call: fresh.dataset.call, revision: fresh.dataset.revision });
  if (!bar().contains(document.activeElement)) bar().replaceChildren(...document.adoptNode(fresh).childNodes);
  if (form()?.elements.call) form().elements.call.value = bar().dataset.call;
  document.dispatchEvent(new CustomEvent("call-kept"));
  if (!dirty) sessionStorage.removeItem(SLOT);
  return true;
}

// --- what the server does not have yet, enciphered ---

const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
const secret = window.crypto?.subtle // only on https and on this machine; elsewhere the server's copy must do
  ? crypto.subtle.importKey("raw", Uint8Array.from(desk.dataset.draftKey.match(/../g), (pair) => parseInt(pair, 16)), "AES-GCM", false, ["encrypt", "decrypt"])
  : null;
let hiding = false;
let again = false;
async function hide() { // at once, not after a pause: a reload may come with the next key
  again = true;
  if (!secret || hiding) return;
  hiding = true;
  while (again) {
    again = false;
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = new TextEncoder().encode(JSON.stringify([...body()]));
    const closed = text(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await secret, data));
    if (!dirty) continue;
    try { sessionStorage.setItem(SLOT, JSON.stringify({ sent: false, values: [], iv: text(iv), closed })); } catch { /* full */ }
  }
  hiding = false;
}
async function found() {
  let slot;
  try { slot = JSON.parse(sessionStorage.getItem(SLOT)); } catch { return null; }
  if (!slot?.closed || !secret) return null;
  try {
    const open = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(slot.iv) }, await secret, bytes(slot.closed));
    return JSON.parse(new TextDecoder().decode(open));
  } catch { return null; } finally { sessionStorage.removeItem(SLOT); }
}
function put(pairs) {
  const values = new Map();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  for (const field of form().elements) {
    if (!field.name || FRAME.has(field.name) || ["hidden", "file", "submit", "button"].includes(field.type)) continue;
    const given = values.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") field.checked = given.includes(field.value);
    else field.value = given[0] ?? "";
  }
  form().dispatchEvent(new Event("change", { bubbles: true }));
}
async function recover() {
  const pairs = await found();
  if (!pairs) return;
  const of = Object.fromEntries(pairs);
  if (form() && of.procedure === desk.dataset.matter && of.call === bar().dataset.call) {
    put(pairs);
    return flash("已恢复刚才没来得及暂存的内容。");
  }
  const data = new FormData();
  for (const [name, value] of pairs) data.append(name, value);
  const here = { ...bar().dataset };
  if (!await send(data)) return;
  flash("刚才没来得及暂存的来电已找回，在上方的来电里。");
  if (here.call !== bar().dataset.call) location.assign(`${page}?call=${bar().dataset.call}`);
}

// --- switching ---

async function go(url) {
  if (!await keep()) return flash("写的内容还没有暂存好，先别离开这一页。", "warning");
  leaving = true;
  location.assign(url);
}
const next = () => {
  const links = [...bar().querySelectorAll("a")];
  const at = links.findIndex((link) => link.getAttribute("aria-current"));
  const target = links[(at + 1) % links.length];
  if (target && links[at] !== target) go(target.href); else flash("没有别的来电。");
};
document.addEventListener("click", (event) => {
  const link = event.target.closest("#calls a");
  if (link && !event.ctrlKey && !event.metaKey) { event.preventDefault(); if (!link.getAttribute("aria-current")) go(link.href); }
  if (event.target.closest("[data-line-new]")) go(page);
  if (event.target.closest("[data-line-next]")) next();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.key === "F2") { event.preventDefault(); go(page); }
  if (event.key === "F4") { event.preventDefault(); next(); }
});

for (const kind of ["input", "change"]) document.addEventListener(kind, (event) => { if (form()?.contains(event.target)) touched(); });
document.addEventListener("desk-changed", touched);
document.addEventListener("htmx:confirm", (event) => { // a call being kept this moment is filed when that is done
  if (event.detail.elt !== form() || !running) return;
  event.preventDefault();
  if ("waiting" in form().dataset) return;
  form().dataset.waiting = "";
  running.finally(() => { delete form().dataset.waiting; event.detail.issueRequest(true); });
});
document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt === form()) { filing = true; clearTimeout(timer); } });
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig?.path !== page || event.detail.requestConfig.verb !== "post") return;
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) { dirty = false; leaving = true; sessionStorage.removeItem(SLOT); return; }
  filing = false;
  touched();
});
window.addEventListener("pagehide", () => {
  if (dirty && !filing && !leaving) fetch(desk.dataset.keepUrl, { method: "POST", body: body(), headers: { "HX-Request": "true", "X-CSRFToken": token() }, keepalive: true }).catch(() => {});
});
window.addEventListener("online", () => { if (dirty) keep(); });
recover();
