// What waits in this phone, where everybody can see it: 离线 / 3 项待发送 / 已全部发送; sent by itself as soon as it can be.

import { drop, flush, keep, newKey, waiting } from "./sending.js";
import { possible, vault } from "./vault.js";

const FIRST = 5000; // milliseconds to the second try; each further one waits twice as long
const LAST = 300000;
const KINDS = { take: "接单", coming: "出发", finish: "办结", note: "备注", round: "巡查" };
export const base = new URL(document.querySelector("[data-root]")?.dataset.root ?? "/", location.href).href;

let own = null;
let pause = FIRST;
let timer = 0;
let busy = false;
let signedOut = false;
const sentAt = () => Number(sessionStorage.getItem("onsite-sent")) || 0;
const sentNow = () => sessionStorage.setItem("onsite-sent", String(performance.timeOrigin + performance.now()));
const csrf = () => decodeURIComponent(document.cookie.split("; ").find((part) => part.startsWith("csrftoken="))?.slice(10) ?? "");
export const outcomes = new Map(); // id of an act → {said} or {refused}, whoever sent it
const heard = new Set();
function note({ sent, refused }) {
  for (const { item, said } of sent) outcomes.set(item.id, { said });
  for (const { item } of refused) outcomes.set(item.id, { refused: item });
}
export const onSent = (run) => heard.add(run);
const tell = (text, kind) => document.dispatchEvent(new CustomEvent("flash", { detail: { text, kind } }));

// The vault of whoever is signed in, or (without a signal) of whoever was; null where the browser has none.
export async function opened() {
  if (own || !possible()) return own;
  const user = document.body.dataset.user || localStorage.getItem("onsite-user") || "";
  try { own = await vault(user); } catch { return null; }
  if (own) localStorage.setItem("onsite-user", user);
  const served = Number(document.querySelector('meta[name="server-now"]')?.content);
  if (own && served && document.body.dataset.user) {
    const off = Math.round(served - Date.now() / 1000);
    await own.setOffset(Math.abs(off) < 3 ? 0 : off * 1000); // seconds are the time the page took
  }
  return own;
}

export async function add(act, files = []) {
  const store = await opened();
  const item = { id: newKey(), acted_at: new Date().toISOString(), offset: store.offset, fields: {}, text: "", ...act };
  await keep(store, item, files);
  await show();
  if (!navigator.onLine) later();
  return item;
}

// Where there is Background Sync, what waits leaves also when no window is open.
const later = () => navigator.serviceWorker?.ready.then((worker) => worker.sync?.register("onsite")).catch(() => {});

export async function list() {
  const store = await opened();
  return store ? waiting(store) : [];
}

export async function discard(item) {
  await drop(await opened(), item);
  await show();
}

// Send now. Returns what sending.js says, or null when there was nothing to send with.
export function send(quiet = false) { // `quiet`: whoever has just done something is told in another way
  turn = turn.catch(() => {}).then(() => sendNow(quiet)); // one after the other, so that each caller hears of what it added
  return turn;
}
let turn = Promise.resolve();

async function sendNow(quiet) {
  const store = await opened();
  if (!store || !navigator.onLine || !(await list()).length) return null;
  clearTimeout(timer);
  busy = true;
  await show();
  let result;
  try { result = await flush(store, base, csrf(), show); } finally { busy = false; }
  note(result);
  signedOut = result.stopped === "signed-out";
  if (result.sent.some(({ item }) => !quiet || Date.now() - Date.parse(item.acted_at) > 15000)) sentNow();
  if (result.stopped === "offline" || result.stopped === "later") {
    later();
    timer = setTimeout(() => send(), pause);
    pause = Math.min(pause * 2, LAST);
  } else pause = FIRST;
  await show();
  for (const run of heard) run(result);
  return result;
}

export async function show() {
  const items = await list();
  const refused = items.filter((item) => item.state === "refused").length;
  const left = items.length - refused;
  localStorage.setItem("onsite-waiting", String(items.length));
  for (const state of document.querySelectorAll("[data-queue-state]")) {
    const words = [];
    if (!navigator.onLine) words.push("离线");
    if (refused) words.push(`${refused} 项没有被接受`);
    if (left) words.push(busy && navigator.onLine ? `正在发送 ${left} 项` : signedOut ? `${left} 项待登录后发送` : `${left} 项待发送`);
    if (!words.length && performance.timeOrigin + performance.now() - sentAt() < 60000) words.push("已全部发送");
    state.hidden = !words.length;
    state.dataset.state = refused ? "refused" : !navigator.onLine ? "offline" : left ? "waiting" : "sent";
    state.querySelector("[data-queue-words]").textContent = words.join(" · ");
  }
  const box = document.getElementById("queue-box");
  if (box) fill(box, items);
}

function fill(box, items) {
  box.querySelector("[data-queue-note]").textContent = signedOut ? "登录已失效。请用原来的账号重新登录，登录后自动发送。"
    : !items.length ? "都发送了。" : !navigator.onLine ? "没有信号。下面的操作连同时间加密存在这部手机里，有信号就发送。" : "按先后顺序发送，每项只登记一次。";
  box.querySelector("[data-queue-send]").hidden = !items.some((item) => item.state === "waiting");
  box.querySelector("[data-queue-list]").replaceChildren(...items.map(line));
}

function line(item) {
  const row = document.createElement("li");
  row.dataset.state = item.state;
  const head = document.createElement("p");
  const what = Object.assign(document.createElement("b"), { textContent: `${KINDS[item.kind]}「${item.title}」` });
  const when = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(Date.parse(item.acted_at) + item.offset));
  head.append(what, ` ${item.place} · ${when}`);
  row.append(head);
  const typed = words(item);
  if (typed) row.append(Object.assign(document.createElement("p"), { className: "queue-typed", textContent: typed }));
  const ways = Object.assign(document.createElement("div"), { className: "queue-ways" });
  const way = (name, run) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: name });
    button.addEventListener("click", run);
    ways.append(button);
  };
  if (item.state === "refused") {
    row.append(Object.assign(document.createElement("p"), { className: "queue-said", textContent: item.said }));
    if (!["note", "round"].includes(item.kind) && typed) way("转成备注发送", () => asNote(item));
    if (item.status === 422 && item.kind !== "note") way("改好再发", () => again(item));
    if (item.ticket) ways.append(Object.assign(document.createElement("a"), { className: "btn", href: `${base}tickets/${item.ticket}`, textContent: "看工单" }));
  }
  way(item.state === "refused" ? "丢弃" : "撤回", () => discard(item));
  row.append(ways);
  return row;
}

// What somebody typed, one line an answer, as it was labelled.
export const words = (item) => [...(item.labels ?? []).map(([label, value]) => `${label}：${value}`), item.text ? `${item.kind === "finish" ? "没有按时的原因：" : ""}${item.text}` : ""].filter(Boolean).join("\n");

async function asNote(item) {
  const at = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short", hourCycle: "h23" }).format(new Date(Date.parse(item.acted_at) + item.offset));
  const text = `${at} 在手机上办「${item.title}」，没有被接受（${item.said}）。当时填写：\n${words(item)}`.slice(0, 4000);
  await add({ ticket: item.ticket, task: 0, kind: "note", text, title: item.title, place: item.place });
  await discard(item);
  send();
}

async function again(item) { // back to the form, which finds what was typed
  location.assign(item.kind === "round" ? `${base}rounds/mine/${item.run}?point=${item.point}#p${item.point}` : `${base}mine/${item.ticket}/${item.task}#again`);
}

document.addEventListener("click", (event) => {
  const box = document.getElementById("queue-box");
  if (event.target.closest("[data-queue-state]")) box?.showModal();
  if (event.target.closest("[data-queue-send]")) { pause = FIRST; send().then((done) => { if (done?.stopped === "offline") tell("还是没有信号，稍后会自动再试。", "info"); }); }
});
window.addEventListener("online", () => { pause = FIRST; send(); });
window.addEventListener("offline", () => show());
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") send(); });
navigator.serviceWorker?.addEventListener("message", async ({ data }) => { // the worker has sent something
  if (!data?.sent) return;
  note(data);
  if (data.sent.length) sentNow();
  await show();
  for (const run of heard) run(data);
});
