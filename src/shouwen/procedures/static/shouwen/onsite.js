// A task on the spot: every action goes through the queue of this phone, so that a lost signal changes nothing but the time of
// sending; pictures are made small, signatures written on the glass; today's tasks are kept readable. Serves three pages: the
// list (data-page mine), the task (onsite), and what opens without a signal (onsite-shell).

import { add, base, discard, list, onSent, opened, outcomes, send, show } from "./queue.js";
import { smaller, spot } from "./photo.js";
import { undo } from "./pickers.js";
import { sign } from "./signature.js";
import { newKey } from "./sending.js";

const MOST = 30; // tasks kept readable
const LARGEST = 10 * 1024 * 1024;
const tell = (text, kind = "info") => document.dispatchEvent(new CustomEvent("flash", { detail: { text, kind } }));
const page = document.body.dataset.page;
const article = () => document.querySelector(".onsite");

// --- the task: stages and actions ---

async function restage() { // what waits in the queue has been done, as far as this phone knows
  const task = article();
  if (!task?.querySelector(".onsite-bar")) return;
  const own = (await list()).filter((item) => item.state === "waiting" && item.ticket === Number(task.dataset.ticket) && item.task === Number(task.dataset.number));
  const kinds = new Set(own.map((item) => item.kind));
  const arrives = Boolean(task.querySelector(".onsite-stages li:nth-child(3)"));
  task.dataset.served ??= task.dataset.stage; // as the server saw it
  const served = task.dataset.served;
  if (kinds.has("finish")) task.dataset.stage = "queued";
  else if (kinds.has("coming")) task.dataset.stage = "do";
  else if (kinds.has("take") && served === "take") task.dataset.stage = arrives ? "coming" : "do";
  else task.dataset.stage = served;
  if (task.dataset.stage === "do") task.querySelector(".onsite-form")?.setAttribute("open", "");
}

function labels(form) { // what was typed, by the labels it was asked under
  const found = [];
  for (const field of form.querySelectorAll(".step-fields > .field:not([hidden])")) {
    if (field.querySelector("[data-private]:not([type=file])")) continue;
    const label = field.querySelector(".form-label")?.firstChild?.textContent.trim() ?? "";
    const values = [...field.querySelectorAll("input, select, textarea")].filter((input) => input.name && input.value && (!["radio", "checkbox"].includes(input.type) || input.checked))
      .map((input) => input.type === "hidden" ? "（文件）" : input.tagName === "SELECT" ? input.selectedOptions[0]?.textContent : ["radio", "checkbox"].includes(input.type) ? input.closest("label")?.textContent.trim() : input.value);
    if (values.length) found.push([label, values.join("、")]);
  }
  return found;
}

function complain(form, said, problems) {
  const box = form.querySelector(".form-said");
  for (const old of form.querySelectorAll(".field-error")) old.remove();
  for (const field of form.querySelectorAll(".has-error")) field.classList.remove("has-error");
  let first = null;
  for (const [name, text] of Object.entries(problems ?? {})) {
    const input = form.elements[name]?.[0] ?? form.elements[name] ?? form.querySelector(`[data-name="${CSS.escape(name)}"] input`) ?? form.querySelector(`[name^="${CSS.escape(name)}."]`);
    const field = input?.closest?.(".field");
    if (!field) continue;
    field.hidden = false;
    field.classList.add("has-error");
    const line = Object.assign(document.createElement("div"), { className: "field-error", textContent: text });
    field.append(line);
    first ??= field;
  }
  if (box) { box.hidden = false; box.textContent = said; }
  (first ?? box)?.scrollIntoView({ block: "center" });
  (first?.querySelector("input:not([type=hidden]), select, textarea") ?? box)?.focus({ preventScroll: true });
}

function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string" || ["csrfmiddlewaretoken", "idempotency_key", "late"].includes(name) || name.startsWith("purpose-")) continue;
    if (form.elements[name]?.closest?.(".field")?.hidden) continue;
    (fields[name] ??= []).push(value);
  }
  return fields;
}

let acting = false;
async function act(form) {
  if (acting) return;
  const task = article();
  const kind = form.dataset.act;
  const store = await opened();
  if (!store) { // a browser that keeps nothing (no https): as any other form
    if (!navigator.onLine) return tell("没有信号，没有提交。填写的内容还在，有信号后请再点一次。", "danger");
    return HTMLFormElement.prototype.submit.call(form);
  }
  if (form.querySelector(".uploads .is-waiting")) return tell("照片还在处理，请稍等。", "warning");
  const text = kind === "finish" ? form.elements.late?.closest("[hidden]") ? "" : form.elements.late?.value.trim() ?? "" : kind === "note" ? form.elements.text.value.trim() : "";
  if (kind === "note" && !text) return tell("备注还没有内容。", "warning");
  if (kind === "finish" && form.elements.late && !form.elements.late.closest("[hidden]") && !text) return complain(form, "已经超过时限，请写明原因。", { late: "请写明为什么没有按时" });
  acting = true;
  task.setAttribute("aria-busy", "true");
  try {
    const fields = kind === "finish" ? fieldsOf(form) : {};
    const named = Object.values(fields).flat().filter((value) => value.startsWith("local:")).map((value) => value.slice(6));
    const files = named.map((id) => held.get(id)).filter(Boolean);
    const item = await add({
      ticket: Number(task.dataset.ticket), task: kind === "note" ? 0 : Number(task.dataset.number), kind, fields, text,
      title: task.dataset.title, place: task.dataset.place, labels: kind === "finish" ? labels(form) : [],
    }, files);
    const result = navigator.onLine ? await send(true) : null;
    const { said: sent, refused } = outcomes.get(item.id) ?? {}; // by this sending, or by one that was under way
    if (refused && refused.status === 422 && kind === "finish") {
      await discard(refused);
      return complain(form, refused.said, refused.problems);
    }
    if (refused) { await restage(); return document.getElementById("queue-box")?.showModal(); }
    form.querySelectorAll(".form-said").forEach((box) => { box.hidden = true; });
    if (kind === "note") form.reset();
    if (!sent && !(await list()).some((one) => one.id === item.id)) return location.reload(); // the worker was faster
    if (!sent) {
      tell(result?.stopped === "signed-out" ? "登录已失效，已记在手机里；请重新登录，登录后自动发送。" : "已记在手机里，有信号就发送。", "info");
      return restage();
    }
    sessionStorage.setItem("onsite-said", sent.said);
    if (page === "onsite-shell") return location.assign(kind === "finish" && !sent.next ? document.getElementById("shell").dataset.mine : location.href);
    if (kind === "note") return location.reload();
    location.assign(sent.next || `${base}mine`);
  } catch (problem) {
    tell(problem?.name === "QuotaExceededError" ? "手机存储空间不够，没有记下。请清理后再试。" : "没有记下，请再点一次。", "danger");
    console.error(problem);
  } finally {
    acting = false;
    article()?.removeAttribute("aria-busy");
  }
}

async function accept(button) { // 接单 in the list, when the signal has gone since it was opened
  const [ticket, number] = button.value.split("-").map(Number);
  const line = button.closest(".task");
  button.disabled = true;
  await add({ ticket, task: number, kind: "take", title: line.querySelector(".task-head b").textContent, place: line.querySelector(".task-text b")?.textContent ?? "" });
  tell("已记在手机里，有信号就发送。", "info");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = page === "mine" && !navigator.onLine && form.querySelector?.("button[name=task]");
  if (button) opened().then((kept) => (kept ? accept(button) : tell("没有信号，没有接单。有信号后请再点一次。", "danger")));
  if (button) { event.preventDefault(); return event.stopImmediatePropagation(); }
  if (!form.matches?.("form[data-act]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  act(form);
}, true);

// --- pictures and signatures: held here until the task is done ---

const held = new Map(); // id → {id, name, type, bytes, taken_at, spot}
const wantsSpot = () => localStorage.getItem("onsite-spot") === "yes";
const signs = (box) => box.dataset.upload === "signature" || "signature" in box.dataset || Boolean(box.closest("[data-signature]")) || /签名|签字/.test(box.closest(".field")?.querySelector(".form-label")?.textContent ?? "");

async function take(box, file) {
  const uploads = box.querySelector(".uploads");
  const line = Object.assign(document.createElement("li"), { className: "is-waiting", textContent: "正在处理…" });
  if (!("many" in box.dataset)) uploads.replaceChildren();
  uploads.append(line);
  try {
    const moment = new Date();
    const picture = signs(box) && file.type === "image/png" ? file : await smaller(file);
    if (picture.size > LARGEST) throw new Error(`「${file.name}」超过 10 MB，请压缩后再选。`);
    const place = picture.type === "image/jpeg" && wantsSpot() ? await spot() : "";
    const store = await opened();
    if (!store) throw new Error("这个浏览器不能暂存文件，请用 https 打开，或到整张工单里上传。");
    const off = store.offset;
    const known = file.lastModified && Math.abs(moment - file.lastModified) < 86400000 ? file.lastModified : moment.getTime();
    const kept = { id: newKey(), name: picture.name, type: picture.type, bytes: await picture.arrayBuffer(), purpose: box.querySelector(".upload-purpose input:checked")?.value ?? box.dataset.purpose ?? "", taken_at: new Date(known + off).toISOString(), spot: place };
    held.set(kept.id, kept);
    line.className = "";
    line.replaceChildren(
      Object.assign(document.createElement("input"), { type: "hidden", name: box.dataset.name, value: `local:${kept.id}` }),
      ...(picture.type.startsWith("image/") ? [Object.assign(document.createElement("img"), { src: URL.createObjectURL(picture), alt: "", width: 64, height: 64 })] : []),
      Object.assign(document.createElement("span"), { textContent: `${signs(box) ? "已签名" : picture.type.startsWith("image/") ? "照片" : picture.name} · ${new Date(known).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false })}${place ? " · 有位置" : ""}` }),
    );
    const away = Object.assign(document.createElement("button"), { type: "button", className: "btn-close" });
    away.dataset.drop = "";
    away.setAttribute("aria-label", "移除");
    line.append(away);
  } catch (problem) {
    line.remove();
    tell(problem.message || "这个文件读不出来，请换一个。", "danger");
  }
}

document.addEventListener("change", (event) => { // before steps.js, which sends at once
  const box = event.target.type === "file" && event.target.closest("form[data-act] .upload");
  if (!box) return;
  event.stopImmediatePropagation();
  for (const file of event.target.files) take(box, file);
  event.target.value = "";
}, true);

function icon(name) {
  const use = document.querySelector("svg.icon use")?.getAttribute("href")?.replace(/#.*/, `#${name}`);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "use");
  if (use) drawn.setAttribute("href", use);
  svg.append(drawn);
  return svg;
}

function equip(root) { // large buttons in place of the browser's file field
  for (const box of root.querySelectorAll("form[data-act] .upload:not([data-equipped])")) {
    box.dataset.equipped = "";
    const input = box.querySelector("input[type=file]");
    if (!input) continue;
    input.classList.add("visually-hidden");
    input.tabIndex = -1;
    const ways = Object.assign(document.createElement("div"), { className: "upload-ways" });
    const way = (name, sign_, run) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-lg" });
      button.append(icon(sign_), name);
      button.addEventListener("click", run);
      ways.append(button);
    };
    const title = box.closest(".field")?.querySelector(".form-label")?.firstChild?.textContent.trim() || "签名";
    const open = (camera) => { if (camera) input.setAttribute("capture", "environment"); else input.removeAttribute("capture"); input.click(); };
    if (signs(box)) {
      way("在屏幕上签名", "signature", async () => { const file = await sign(title); if (file) take(box, file); });
      way("拍签好的纸", "camera", () => open(true));
    } else {
      if (box.dataset.upload !== "file") way("拍照", "camera", () => open(true));
      way(box.dataset.upload === "file" ? "选文件" : "从相册选", "photo", () => open(false));
    }
    box.append(ways);
    if (!signs(box) && navigator.geolocation) {
      const label = Object.assign(document.createElement("label"), { className: "form-check upload-spot" });
      const tick = Object.assign(document.createElement("input"), { type: "checkbox", className: "form-check-input", checked: wantsSpot() });
      tick.addEventListener("change", (event) => { event.stopPropagation(); localStorage.setItem("onsite-spot", tick.checked ? "yes" : "no"); if (tick.checked) spot(); });
      label.append(tick, Object.assign(document.createElement("span"), { className: "form-check-label", textContent: "照片附上拍摄位置" }));
      box.append(label);
    }
  }
}

// --- small things of the page ---

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    try { await navigator.clipboard.writeText(copy.dataset.copy); tell(`已复制：${copy.dataset.copy}`, "success"); } catch { tell("这个浏览器不让复制，请长按文字复制。", "warning"); }
  }
  if (event.target.closest("[data-arrived]")) {
    article().dataset.stage = article().dataset.served = "do";
    const form = article().querySelector(".onsite-form");
    form.open = true;
    form.scrollIntoView({ block: "start" });
  }
  const put = event.target.closest("[data-put]");
  if (put) {
    const field = document.getElementById(put.dataset.put);
    field.value = field.value ? `${field.value}，${put.textContent}` : put.textContent;
  }
});
document.addEventListener("htmx:load", (event) => {
  const hides = event.detail.elt.closest?.("[data-hide-after]") ?? event.detail.elt.querySelector?.("[data-hide-after]");
  if (hides) setTimeout(() => { if (hides.isConnected) location.reload(); }, Number(hides.dataset.hideAfter) * 1000);
});

function lateness() { // the reason is asked for from the moment the limit has passed, also without a signal
  const task = article();
  const box = task?.querySelector("[data-late]");
  if (!box || !("explains" in task.dataset) || !task.dataset.due) return;
  const over = Date.now() + offset >= Date.parse(task.dataset.due) + 60000; // the minute of the limit is still on time
  box.hidden = !over && !box.querySelector("textarea").value;
}
let offset = 0;

async function again() { // #again: a refused act comes back into its form
  if (location.hash !== "#again") return;
  const task = article();
  const form = document.getElementById("act-finish");
  const item = (await list()).find((one) => one.state === "refused" && one.ticket === Number(task?.dataset.ticket) && one.task === Number(task?.dataset.number));
  if (!form || !item) return;
  for (const [name, values] of Object.entries(item.fields)) {
    for (const input of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (["radio", "checkbox"].includes(input.type)) input.checked = values.includes(input.value);
      else if (input.type !== "hidden") input.value = values[0];
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
  if (form.elements.late) form.elements.late.value = item.text;
  task.dataset.stage = task.dataset.served = "do";
  task.querySelector(".onsite-form").open = true;
  complain(form, item.said, item.problems);
  tell("已填回上次的内容；照片和签名请重新加上。", "info");
  await discard(item);
}

// --- today's tasks, readable without a signal ---

async function store() {
  const kept = await opened();
  if (!kept || !navigator.onLine) return;
  if (page === "onsite" && article()) await putPage(kept, article());
  if (page !== "mine") return;
  const wanted = [...document.querySelectorAll("#mine [data-keep]")].slice(0, MOST);
  const have = new Map((await kept.outlines("pages")).map((one) => [one.key, one]));
  const names = new Set(wanted.map((one) => one.dataset.keep));
  if (!new URLSearchParams(location.search).has("whose") && !new URLSearchParams(location.search).has("after")) {
    for (const key of have.keys()) if (!names.has(key) && !key.startsWith("round-")) await kept.drop("pages", key);
  }
  for (const one of wanted) {
    if (have.get(one.dataset.keep)?.revision === one.dataset.revision) continue;
    try {
      const answer = await fetch(one.dataset.url, { headers: { "HX-Request": "true" }, redirect: "manual" });
      if (!answer.ok) { if (answer.type === "opaqueredirect" || answer.status === 401) return; continue; }
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".onsite");
      if (found) await putPage(kept, found);
    } catch { return; }
  }
  document.body.dataset.kept = wanted.length; // as many are readable without a signal
}
function putPage(kept, task) {
  const { keyOf, revision, title, place, due } = task.dataset;
  const copy = task.cloneNode(true);
  copy.dataset.stage = task.dataset.served ?? task.dataset.stage;
  delete copy.dataset.served;
  undo(copy);
  for (const shown of copy.querySelectorAll("[data-dial], [data-equipped] .upload-ways, .upload-spot, [data-hide-after]")) shown.remove(); // numbers in the clear are never kept
  for (const uploads of copy.querySelectorAll(".uploads")) uploads.replaceChildren();
  for (const box of copy.querySelectorAll("[data-equipped]")) { delete box.dataset.equipped; box.querySelector("input[type=file]")?.classList.remove("visually-hidden"); }
  return kept.put("pages", keyOf, { html: copy.outerHTML, title, place, due, about: task.querySelector(".onsite-summary")?.textContent.trim().slice(0, 60) ?? "", kept: Date.now() }, { revision });
}

async function shell() {
  const room = document.getElementById("shell");
  const kept = await opened();
  const rows = kept ? await kept.all("pages") : [];
  const [, ticket, number] = location.pathname.slice(new URL(base).pathname.length - 1).match(/^\/mine\/(\d+)\/(\d+)$/) ?? [];
  const [, round] = location.pathname.match(/\/rounds\/mine\/(\d+)$/) ?? [];
  const walk = round && rows.find((row) => row.key === `round-${round}`);
  if (walk) { // a round goes on by its own script
    room.innerHTML = walk.value.html;
    return (await import("./rounds.js")).begin();
  }
  const one = rows.find((row) => row.key === `${ticket}-${number}`);
  if (one) {
    room.innerHTML = one.value.html; // our own page, as it came from our server, out of the encrypted store
    document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: room } }));
    room.querySelectorAll(".onsite-call form").forEach((form) => form.replaceWith(Object.assign(document.createElement("span"), { className: "sub", textContent: "有信号时可查看号码" })));
    equip(room);
    await restage();
    const back = Object.assign(document.createElement("a"), { className: "btn btn-lg", href: room.dataset.mine, textContent: "回到今天的任务" });
    room.append(back);
    return;
  }
  if (!rows.length) return room.replaceChildren(document.getElementById("shell-empty").content.cloneNode(true));
  const items = await list();
  const line = (row) => {
    const entry = document.createElement("li");
    entry.className = "task";
    const link = Object.assign(document.createElement("a"), { className: "task-link", href: row.key.startsWith("round-") ? `${base}rounds/mine/${row.key.slice(6)}` : `${base}mine/${row.key.replace("-", "/")}` });
    const head = Object.assign(document.createElement("b"), { textContent: row.value.title });
    const due = row.value.due && new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(row.value.due));
    const queued = items.some((item) => item.state === "waiting" && item.kind === "finish" && `${item.ticket}-${item.task}` === row.key);
    const over = !queued && row.value.due && Date.now() + offset >= Date.parse(row.value.due) + 60000;
    entry.classList.toggle("is-over", Boolean(over));
    link.append(head, Object.assign(document.createElement("span"), { textContent: `${row.value.place} ${row.value.about}` }), Object.assign(document.createElement("span"), { className: "sub", textContent: queued ? "已办，待发送" : over ? `已超时，${due} 前应办` : due ? `${due} 前` : "不限时" }));
    entry.append(link);
    return entry;
  };
  const tasks = Object.assign(document.createElement("ul"), { className: "task-list" });
  tasks.append(...rows.sort((a, b) => (a.value.due || "9").localeCompare(b.value.due || "9")).map(line));
  const said = Object.assign(document.createElement("p"), { className: "sub", textContent: `存于 ${new Date(Math.max(...rows.map((row) => row.value.kept))).toLocaleString("zh-CN", { hour12: false })}` });
  room.replaceChildren(tasks, said);
}

// --- beginning ---

async function begin() {
  const worker = document.querySelector("[data-worker]")?.dataset.worker;
  if (worker && navigator.serviceWorker) navigator.serviceWorker.register(worker, { type: "module" }).catch(() => {});
  const kept = await opened();
  offset = kept?.offset ?? 0;
  const said = sessionStorage.getItem("onsite-said");
  if (said) { sessionStorage.removeItem("onsite-said"); tell(said, "success"); }
  equip(document);
  if (page === "onsite-shell") await shell();
  await restage();
  lateness();
  setInterval(lateness, 15000);
  await show();
  onSent(async (result) => {
    if (page === "onsite-shell" && result.sent.length && !acting && (!article() || article().dataset.stage === "queued")) return location.reload(); // there is a signal again
    if (result.refused.length && !acting) tell(`有 ${result.refused.length} 项没有被接受，点右上角查看。`, "warning");
    else if (result.sent.length && !acting) tell(`已发送 ${result.sent.length} 项。`, "success");
    if (result.sent.length && !acting && page !== "onsite-shell" && article()?.dataset.stage === "queued") location.assign(`${base}mine`);
    await restage();
  });
  await again();
  await send();
  await store();
}
begin();

