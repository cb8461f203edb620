// Countdowns that tick, by the server's clock; and moments shown as 14:05 or as 「5 分钟前」, as the reader likes.

const served = Number(document.querySelector('meta[name="server-now"]')?.content) || Date.now() / 1000;
const ahead = Date.now() / 1000 - served; // how far this desk's clock is off (plus the time the page took to come)
const now = () => Date.now() / 1000 - ahead;

export function spanWords(seconds) { // as span_words in templatetags/ui.py
  let minutes = Math.floor(Math.abs(seconds) / 60);
  if (minutes < 1) return "不到 1 分钟";
  if (minutes < 60) return `${minutes} 分钟`;
  let hours = Math.floor(minutes / 60);
  minutes %= 60;
  if (hours < 24) return `${hours} 小时${minutes ? ` ${minutes} 分` : ""}`;
  const days = Math.floor(hours / 24);
  hours %= 24;
  return `${days} 天${hours ? ` ${hours} 小时` : ""}`;
}

function tick() {
  for (const clock of document.querySelectorAll(".countdown[data-limit]")) {
    const left = Number(clock.dataset.limit) - now();
    const over = left <= -60;  // the minute of the limit is still on time
    const state = over ? "over" : left <= Number(clock.dataset.soon) ? "soon" : "calm";
    const words = `${over ? "超时" : "剩"} ${spanWords(over ? left : Math.max(left, 0))}`;
    const text = clock.querySelector("span");
    if (text.textContent !== words) text.textContent = words;
    if (!clock.classList.contains(`is-${state}`)) {
      clock.classList.remove("is-over", "is-soon", "is-calm");
      clock.classList.add(`is-${state}`);
      const use = clock.querySelector("use");
      const sign = state === "over" ? "alert-triangle" : "clock";
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${sign}`));
    }
  }
  if (relative()) showTimes();
}

const names = { absolute: "具体时刻", relative: "多久以前" };
const relative = () => { try { return localStorage.getItem("times") === "relative"; } catch { return false; } };

function showTimes() {
  const ago = relative();
  for (const label of document.querySelectorAll("[data-times-name]")) label.textContent = names[ago ? "relative" : "absolute"];
  for (const time of document.querySelectorAll("time[data-when]")) {
    time.dataset.text ??= time.textContent;
    const past = now() - Number(time.dataset.when);
    const words = past < 0 ? `${spanWords(past)}后` : past < 60 ? "刚刚" : `${spanWords(past)}前`;
    time.textContent = ago ? words : time.dataset.text;
    time.title = ago ? time.dataset.text : words;
  }
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-times-next]")) return;
  try { localStorage.setItem("times", relative() ? "absolute" : "relative"); } catch { return; }
  showTimes();
});
document.addEventListener("htmx:load", () => { tick(); showTimes(); });
showTimes();
tick();
setInterval(tick, 1000);
