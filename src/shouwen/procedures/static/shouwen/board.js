// The board: it looks for changes by itself and says when it could not; several tasks are chosen and worked at once;
// a new overdue task is heard by whoever asked for it. j and k move from row to row, x chooses one, Enter opens it.

const find = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const keep = { get(name) { try { return localStorage.getItem(name); } catch { return null; } }, set(name, value) { try { localStorage.setItem(name, value); } catch { /* private window */ } } };
const board = () => document.getElementById("board");
const isBoard = (event) => event.detail.elt?.id === "board";

// --- moving ---

const links = () => all("a[data-row]").filter((link) => link.offsetParent);
const rowOf = (element) => element?.closest("tr, li");

document.addEventListener("click", (event) => {
  const move = event.target.closest("[data-move]");
  if (!move) return;
  const rows = links();
  if (!rows.length) return;
  const at = rows.indexOf(rowOf(document.activeElement)?.querySelector("a[data-row]"));
  const next = rows[at < 0 ? 0 : Math.min(Math.max(at + Number(move.dataset.move), 0), rows.length - 1)];
  next.focus({ preventScroll: true });
  rowOf(next).scrollIntoView({ block: "nearest" });
});

// --- choosing several ---

const bulk = document.getElementById("bulk");
const chosen = new Set();
let last = null;
const ticks = () => all('.board input[name="task"]');

function show() {
  if (!bulk) return;
  for (const tick of ticks()) { tick.checked = chosen.has(tick.value); rowOf(tick).classList.toggle("is-chosen", tick.checked); }
  for (const every of all("[data-tick-all]")) {
    const own = all('input[name="task"]', every.closest("tbody"));
    every.checked = own.length > 0 && own.every((tick) => tick.checked);
    every.indeterminate = !every.checked && own.some((tick) => tick.checked);
    every.hidden = !own.length;
  }
  bulk.hidden = chosen.size === 0;
  find("[data-bulk-count]", bulk).textContent = chosen.size;
}

function set(tick, on) { if (on) chosen.add(tick.value); else chosen.delete(tick.value); }

document.addEventListener("change", (event) => {
  const tick = event.target;
  if (tick.matches?.("[data-tick-all]")) { for (const one of all('input[name="task"]', tick.closest("tbody"))) set(one, tick.checked); show(); }
});
document.addEventListener("click", (event) => {
  const tick = event.target.closest?.('.board input[name="task"]');
  if (tick) {
    set(tick, tick.checked);
    const row = ticks(), from = row.findIndex((one) => one.value === last), to = row.indexOf(tick);
    if (event.shiftKey && from >= 0) for (const one of row.slice(Math.min(from, to), Math.max(from, to) + 1)) set(one, tick.checked);
    last = tick.value;
    show();
  }
  if (event.target.closest?.("[data-bulk-none]")) { chosen.clear(); show(); }
  if (event.target.closest?.("[data-tick]")) {
    const own = rowOf(document.activeElement)?.querySelector('input[name="task"]');
    if (own) { set(own, !chosen.has(own.value)); show(); }
  }
});
bulk?.addEventListener("submit", (event) => {
  const to = find('[name="to"]', bulk);
  to.setCustomValidity(event.submitter?.value === "hand" && !to.value ? "请选择转给哪位同事" : "");
  if (!to.reportValidity()) { event.preventDefault(); event.stopImmediatePropagation(); }
}, true);
bulk?.addEventListener("change", () => find('[name="to"]', bulk).setCustomValidity(""));

// --- the alarm: off until somebody wants it, remembered on this desk ---

const alarm = find("[data-alarm]");
let sound = null;
const wanted = () => keep.get("board-alarm") === "on";
const over = () => new Set(all('tr[id^="t"]').filter((row) => find(".countdown.is-over", row)).map((row) => row.id));
let known = over();

function wake() { sound ??= new (window.AudioContext || window.webkitAudioContext)(); if (sound.state === "suspended") sound.resume(); }
function ring() {
  if (!sound || sound.state !== "running") return;
  [880, 660, 880].forEach((pitch, n) => {
    const tone = sound.createOscillator(), loud = sound.createGain(), at = sound.currentTime + n * 0.22;
    tone.frequency.value = pitch; tone.connect(loud).connect(sound.destination);
    loud.gain.setValueAtTime(0.0001, at); loud.gain.exponentialRampToValueAtTime(0.25, at + 0.02); loud.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
    tone.start(at); tone.stop(at + 0.21);
  });
}
const plain = document.title;
function badge(fresh) {
  const count = board()?.dataset.over ?? "0";
  document.title = wanted() && count !== "0" ? `${fresh && document.hidden ? "● 新超时 " : ""}(${count}) ${plain}` : plain;
}
function look() {
  const present = over(), fresh = [...present].filter((id) => !known.has(id));
  known = present;
  if (wanted() && fresh.length) {
    ring();
    document.dispatchEvent(new CustomEvent("flash", { detail: { text: `新超时 ${fresh.length} 项`, kind: "warning" } }));
  }
  badge(fresh.length > 0);
}
function drawn() {
  alarm.hidden = false;
  alarm.setAttribute("aria-pressed", String(wanted()));
  alarm.title = wanted() ? "有新的超时会响铃并在标题上提示，点一下关闭" : "打开后，有新的超时会响铃并在标题上提示";
}
if (alarm && board()) {
  drawn();
  badge(false);
  alarm.addEventListener("click", () => { keep.set("board-alarm", wanted() ? "off" : "on"); if (wanted()) { wake(); setTimeout(ring, 60); } drawn(); badge(false); });
  document.addEventListener("pointerdown", () => wanted() && wake(), { once: true });
  document.addEventListener("keydown", () => wanted() && wake(), { once: true });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) badge(false); });
  setInterval(look, 5000);
}

// --- looking for changes: a refresh that fails is no reason for a message every few seconds, one quiet line says how old the list is ---

let fresh = new Date(), tries = 0;
const stale = document.getElementById("stale");

function lost(event) {
  if (!isBoard(event)) return;
  event.stopPropagation();
  const clock = fresh.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  if (stale) { stale.hidden = false; find("span", stale).textContent = `联系不上服务器，下面是 ${clock} 的情况，恢复后会自动更新。`; }
  tries += 1;
}
for (const name of ["htmx:sendError", "htmx:timeout"]) document.body.addEventListener(name, lost);
document.body.addEventListener("htmx:configRequest", (event) => { if (isBoard(event)) event.detail.parameters.seen = board().dataset.seen; });
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (isBoard(event) && event.detail.xhr.status >= 500) { event.detail.shouldSwap = false; lost(event); }
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (!isBoard(event) || !event.detail.successful) return;
  const seen = event.detail.xhr.getResponseHeader("X-Seen");
  if (seen && event.detail.xhr.status === 204) board().dataset.seen = seen;
  fresh = new Date();
  tries = 0;
  if (stale) stale.hidden = true;
});
document.body.addEventListener("htmx:beforeRequest", (event) => { // nobody looks and nobody listens: the server need not be asked
  if (isBoard(event) && document.hidden && !wanted() && event.detail.requestConfig.verb === "get") event.preventDefault();
});
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.target?.id !== "board" && !isBoard(event)) return;
  const there = new Set(ticks().map((tick) => tick.value));
  for (const value of [...chosen]) if (!there.has(value)) chosen.delete(value); // finished or handed on by somebody else meanwhile
  show();
  if (alarm) look();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden && board()) document.body.dispatchEvent(new Event("board:look")); });
show();

// --- addresses to copy ---

document.addEventListener("click", async (event) => {
  const copy = event.target.closest?.("[data-copy], [data-copy-address]");
  if (!copy) return;
  try { await navigator.clipboard.writeText(copy.dataset.copy ?? location.href); } catch { find("[data-select]")?.select(); return; }
  find("span", copy).textContent = "已复制";
});
document.addEventListener("focusin", (event) => { if (event.target.matches?.("[data-select]")) event.target.select(); });
