// New notices while a page is open: the bell counts, the title of the tab says so, and the browser shows them if this
// device was allowed to. Which were shown is kept for all tabs together, so that each is shown once.

const address = document.querySelector('meta[name="fresh-notices"]')?.content;
const every = 20000;
const plainTitle = document.title;
const store = { on: "notify-on", last: "notify-last" };
const may = () => "Notification" in window && Notification.permission === "granted" && localStorage.getItem(store.on) === "yes";

function bell(unread) {
  const button = document.querySelector("header .top-button");
  if (!button) return;
  let dot = button.querySelector(".dot");
  if (!dot && unread) {
    dot = document.createElement("b");
    dot.className = "dot";
    button.append(dot);
  }
  if (dot && !unread) dot.remove();
  if (dot && unread) dot.textContent = unread > 99 ? "99+" : String(unread);
  button.setAttribute("aria-label", `消息，${unread} 条未读`);
}

function show(one) {
  const note = new Notification(one.title, { tag: `notice-${one.id}`, requireInteraction: one.urgent, lang: "zh-CN" });
  note.addEventListener("click", () => { window.focus(); location.assign(one.url); note.close(); });
}

let seen = null;
async function look() {
  const last = localStorage.getItem(store.last) || "";
  let found;
  try {
    const answer = await fetch(`${address}?after=${last}`, { headers: { Accept: "application/json" }, redirect: "error" });
    if (!answer.ok) return;
    found = await answer.json();
  } catch { return; } // no connection: the page says so elsewhere
  bell(found.unread);
  if (localStorage.getItem(store.last) === last) { // no other tab has shown them meanwhile
    localStorage.setItem(store.last, String(found.last));
    if (last && may()) found.news.forEach(show);
  }
  if (seen !== null && found.last > seen) {
    if (document.hidden) document.title = `（新通知）${plainTitle}`;
    document.dispatchEvent(new CustomEvent("fresh-notices"));
  }
  seen = found.last;
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) { document.title = plainTitle; look(); } });
if (address) {
  setTimeout(look, 3000);
  setInterval(() => { if (!document.hidden || may()) look(); }, every);
}

const box = document.querySelector("[data-notify]");
if (box) {
  const state = box.querySelector("[data-notify-state]");
  const button = box.querySelector("[data-notify-switch]");
  const draw = () => {
    const known = "Notification" in window && window.isSecureContext;
    const refused = known && Notification.permission === "denied";
    state.textContent = !known ? "这个浏览器不支持弹出提醒，或网址不是 https。通知仍在这里和铃铛上。"
      : refused ? "浏览器不允许本站弹出提醒。请在地址栏左侧的网站设置里改为允许，再回到这里。"
      : may() ? "已开启。" : "未开启。";
    button.hidden = !known || refused;
    button.textContent = may() ? "关闭" : "开启";
  };
  button.addEventListener("click", async () => {
    if (may()) localStorage.setItem(store.on, "no");
    else if ((await Notification.requestPermission()) === "granted") localStorage.setItem(store.on, "yes");
    draw();
  });
  draw();
}
document.addEventListener("submit", (event) => { // whoever signs out leaves nothing switched on behind them
  if (event.target.matches?.("[data-logout]")) for (const name of Object.values(store)) localStorage.removeItem(name);
});
