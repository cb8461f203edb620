// A round on the phone: point by point, scanned where the phone can, through the queue of this phone, so that a lost signal changes
// nothing but the time of sending. Serves the list (data-page rounds-mine), a round (round), and a round out of the store (onsite-shell).

import { add, discard, list, onSent, opened, outcomes, send, show } from "./queue.js";
import { smaller, spot } from "./photo.js";
import { newKey } from "./sending.js";

const tell = (text, kind = "info") => document.dispatchEvent(new CustomEvent("flash", { detail: { text, kind } }));
const round = () => document.querySelector(".round");
const held = new Map(); // id → a picture waiting in this page
const buzz = (beats) => { if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(beats); };
const points = () => [...document.querySelectorAll(".round-point")];

// --- which point a code names, without the page holding the codes themselves ---

async function digest(code) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 16);
}
const tail = (text) => text.trim().replace(/\/+$/, "").split("/").pop().split("?")[0];

async function arrived(text) {
  const code = tail(text);
  const mark = await digest(code);
  const box = points().find((one) => one.dataset.code === mark || (one.dataset.tag && one.dataset.tag === mark));
  if (!box) {
    buzz([80, 60, 80]);
    tell("这个码不在这条路线上。请看清标签，或者回到「我的巡查」里扫。", "warning");
    return false;
  }
  box.querySelector("[name=code]").value = code;
  box.dataset.proven = "";
  buzz(60);
  open(box);
  return true;
}

function open(box) {
  for (const other of points()) if (other !== box) other.open = false;
  box.open = true;
  box.scrollIntoView({ block: "start" });
  box.querySelector("input:not([type=hidden]), textarea, button[type=submit]")?.focus({ preventScroll: true });
}

// --- the camera and NFC ---

async function camera() {
  const dialog = document.getElementById("scan-box");
  const video = dialog.querySelector("video");
  let stream;
  try { stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }); } catch { return tell("打不开相机。请在浏览器里允许使用相机，或点开点位照标签上的编号填。", "warning"); }
  video.srcObject = stream;
  dialog.showModal();
  await video.play().catch(() => {});
  const reader = new BarcodeDetector({ formats: ["qr_code"] });
  const stop = () => { stream.getTracks().forEach((track) => track.stop()); video.srcObject = null; };
  dialog.addEventListener("close", stop, { once: true });
  while (dialog.open) {
    const [found] = await reader.detect(video).catch(() => []);
    if (found && dialog.open) {
      dialog.close();
      return arrived(found.rawValue);
    }
    await new Promise((done) => setTimeout(done, 150));
  }
}

async function listen() { // NFC: listens from the first tap on, where the phone has it
  const reader = new NDEFReader();
  await reader.scan();
  reader.addEventListener("reading", ({ message, serialNumber }) => {
    const text = [...message.records].filter((one) => ["url", "text"].includes(one.recordType)).map((one) => new TextDecoder().decode(one.data))[0];
    arrived(text || serialNumber);
  });
  tell("NFC 已打开，把手机贴近标签。", "info");
}

// --- a point: what is wrong, pictures, recording ---

function judge(box) { // shows the part for findings as soon as an answer is out of order
  let bad = Boolean(box.querySelector("[data-wrong-open]"));
  for (const input of box.querySelectorAll("input[type=radio]:checked")) if (input.value === "bad") bad = true;
  for (const input of box.querySelectorAll("input[data-kind=number], input[data-kind=meter]")) {
    const value = Number(input.value.replace("，", "."));
    const over = input.value.trim() !== "" && ((input.dataset.least !== "" && value < Number(input.dataset.least)) || (input.dataset.most !== "" && value > Number(input.dataset.most)));
    input.classList.toggle("is-out", over);
    input.closest(".field").querySelector("[data-out]")?.toggleAttribute("hidden", !over);
    if (over) bad = true;
  }
  const part = box.querySelector(".round-wrong");
  if (part) part.hidden = !bad;
  if (!bad) for (const input of part?.querySelectorAll("[name=finding]") ?? []) input.checked = false;
  const button = box.querySelector("button[type=submit] span");
  if (button) button.textContent = bad ? "记下并转给责任部门" : button.dataset.fine;
}

async function take(input) {
  const box = input.closest("form").querySelector(".uploads");
  for (const file of input.files) {
    const picture = await smaller(file);
    if (picture.size > 10 * 1024 * 1024) { tell(`「${file.name}」超过 10 MB，请压缩后再选。`, "warning"); continue; }
    const store = await opened();
    if (!store) return tell("这个浏览器不能暂存照片，请用 https 打开。", "warning");
    const kept = { id: newKey(), name: picture.name, type: picture.type, bytes: await picture.arrayBuffer(), purpose: "", taken_at: new Date(Date.now() + store.offset).toISOString(), spot: localStorage.getItem("onsite-spot") === "yes" ? await spot() : "" };
    held.set(kept.id, kept);
    const line = document.createElement("li");
    line.append(
      Object.assign(document.createElement("input"), { type: "hidden", name: "photo", value: `local:${kept.id}` }),
      Object.assign(document.createElement("img"), { src: URL.createObjectURL(picture), alt: "", width: 64, height: 64 }),
    );
    const away = Object.assign(document.createElement("button"), { type: "button", className: "btn-close" });
    away.setAttribute("aria-label", "移除照片");
    away.addEventListener("click", () => line.remove());
    line.append(away);
    box.append(line);
  }
  input.value = "";
}

function complain(form, said, problems) {
  for (const old of form.querySelectorAll(".field-error")) old.remove();
  let first = null;
  for (const [name, text] of Object.entries(problems ?? {})) {
    const input = form.elements[name]?.[0] ?? form.elements[name];
    const field = input?.closest?.(".field");
    if (!field) continue;
    field.closest(".round-wrong")?.removeAttribute("hidden");
    field.append(Object.assign(document.createElement("div"), { className: "field-error", textContent: text }));
    first ??= field;
  }
  const box = form.querySelector(".form-said");
  box.hidden = false;
  box.textContent = said;
  (first ?? box).scrollIntoView({ block: "center" });
}

function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && !["csrfmiddlewaretoken", "idempotency_key", "point"].includes(name)) (fields[name] ??= []).push(value);
  }
  return fields;
}

let busy = false;
async function record(form) {
  if (busy) return;
  const store = await opened();
  if (!store) { // a browser that keeps nothing (no https): as any other form
    if (!navigator.onLine) return tell("没有信号，没有记下。有信号后请再点一次。", "danger");
    return HTMLFormElement.prototype.submit.call(form);
  }
  const missing = [...form.querySelectorAll("fieldset[data-needed]")].find((set) => !set.querySelector(":checked"));
  if (missing) return complain(form, "还有检查项没有选。", { [missing.dataset.needed]: "请选正常还是异常。" });
  const box = form.closest(".round-point");
  busy = true;
  try {
    const fields = fieldsOf(form);
    const files = (fields.photo ?? []).map((value) => held.get(value.slice(6))).filter(Boolean);
    const item = await add({ kind: "round", run: Number(round().dataset.run), point: Number(form.elements.point.value), ticket: "", task: 0, fields, title: box.dataset.title, place: round().dataset.title, labels: [] }, files);
    const result = navigator.onLine ? await send(true) : null;
    const { said, refused } = outcomes.get(item.id) ?? {};
    if (refused) {
      await discard(refused);
      return complain(form, refused.said, refused.problems);
    }
    done(box, said ? said.said : result?.stopped === "signed-out" ? "已记在手机里，重新登录后发送" : "已记在手机里，有信号就发送", !said);
    onward(box);
  } catch (problem) {
    tell(problem?.name === "QuotaExceededError" ? "手机存储空间不够，没有记下。请清理后再试。" : "没有记下，请再点一次。", "danger");
    console.error(problem);
  } finally { busy = false; }
}

function done(box, said, waits) {
  box.dataset.state = waits ? "waits" : "done";
  box.querySelector(".round-said").textContent = said;
  box.querySelector("form")?.remove();
  box.open = false;
  count();
}

function count() {
  const all = points();
  const over = all.filter((one) => one.dataset.state).length;
  document.querySelector(".round-whole")?.toggleAttribute("hidden", over < all.length);
  const bar = document.querySelector(".round-progress progress");
  if (!bar) return;
  bar.value = over;
  document.querySelector("[data-round-count]").textContent = `${over} / ${all.length}`;
}

function onward(from) {
  const all = points();
  const next = all.slice(all.indexOf(from) + 1).find((one) => !one.dataset.state) ?? all.find((one) => !one.dataset.state);
  if (next) next.scrollIntoView({ block: "center" });
  else document.querySelector(".round-whole")?.scrollIntoView({ block: "center" });
}

// What waits in this phone has been done, as far as this phone knows.
async function restage() {
  if (!round()) return;
  const own = (await list()).filter((item) => item.kind === "round" && item.state === "waiting" && item.run === Number(round().dataset.run));
  for (const item of own) {
    const box = points().find((one) => Number(one.dataset.point) === item.point);
    if (box && !box.dataset.state) done(box, "已记在手机里，有信号就发送", true);
  }
  count();
}

// --- kept readable without a signal ---

async function keepPage(kept, page) {
  const copy = page.cloneNode(true);
  for (const uploads of copy.querySelectorAll(".uploads")) uploads.replaceChildren();
  return kept.put("pages", `round-${page.dataset.run}`, { html: copy.outerHTML, title: page.dataset.title, place: page.dataset.place, due: page.dataset.due, about: "", kept: Date.now() }, { revision: page.dataset.revision });
}

async function store() {
  const kept = await opened();
  if (!kept || !navigator.onLine || document.body.dataset.page === "onsite-shell") return;
  if (round() && round().dataset.run !== "0") await keepPage(kept, round());
  const wanted = [...document.querySelectorAll("[data-keep-round]")].slice(0, 20);
  if (document.body.dataset.page !== "rounds-mine") return;
  const names = new Set(wanted.map((one) => `round-${one.dataset.keepRound}`));
  const have = new Map((await kept.outlines("pages")).map((one) => [one.key, one]));
  for (const key of have.keys()) if (key.startsWith("round-") && !names.has(key)) await kept.drop("pages", key);
  for (const one of wanted) {
    if (have.get(`round-${one.dataset.keepRound}`)?.revision === one.dataset.revision) continue;
    const answer = await fetch(one.dataset.url, { redirect: "manual" }).catch(() => null);
    if (!answer?.ok) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".round");
    if (found) await keepPage(kept, found);
  }
}

// --- beginning ---

document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("form[data-round]");
  if (!form || !round()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  record(form);
}, true);
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-round]");
  if (!form) return;
  if (event.target.type === "file") { event.stopImmediatePropagation(); return take(event.target); }
  judge(form);
}, true);
document.addEventListener("input", (event) => { const form = event.target.closest?.("form[data-round]"); if (form) judge(form); });
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-scan]")) camera();
  if (event.target.closest("[data-nfc]")) listen().catch(() => tell("这部手机的 NFC 没有打开。", "warning"));
  const wrong = event.target.closest("[data-wrong]");
  if (wrong) {
    wrong.toggleAttribute("data-wrong-open");
    wrong.setAttribute("aria-expanded", String(wrong.hasAttribute("data-wrong-open")));
    judge(wrong.closest("form"));
  }
  if (event.target.closest("[data-alarm]")) document.getElementById("alarm-box")?.showModal();
});

export async function begin() {
  const worker = document.querySelector("[data-worker]")?.dataset.worker;
  if (worker && navigator.serviceWorker) navigator.serviceWorker.register(worker, { type: "module" }).catch(() => {}); // a guard may never open any other page
  await opened();
  for (const form of document.querySelectorAll("form[data-round]")) judge(form);
  if ("BarcodeDetector" in window && navigator.mediaDevices) document.querySelectorAll("[data-scan]").forEach((one) => { one.hidden = false; });
  if ("NDEFReader" in window) document.querySelectorAll("[data-nfc]").forEach((one) => { one.hidden = false; });
  const code = round()?.dataset.scanned;
  if (code) await arrived(code);
  await restage();
  await show();
  onSent(async (result) => {
    if (busy) return;
    for (const { item, said } of result.sent.filter((one) => one.item.kind === "round")) {
      const box = round() && points().find((one) => Number(one.dataset.point) === item.point);
      if (box) done(box, said.said, false);
    }
    if (result.refused.length) tell(`有 ${result.refused.length} 项没有被接受，点右上角查看。`, "warning");
    else if (result.sent.length) tell(`已发送 ${result.sent.length} 项。`, "success");
  });
  await send(true);
  await store();
}
if (["round", "rounds-mine"].includes(document.body.dataset.page)) begin();
