// A screen on a wall: looks for changes every ten seconds, and says so when it cannot.

const wall = document.getElementById("wall"), lost = document.getElementById("lost"), fresh = document.getElementById("fresh");
const clock = document.getElementById("clock"), day = document.getElementById("day");
const ahead = Date.now() / 1000 - (Number(document.querySelector('meta[name="server-now"]')?.content) || Date.now() / 1000);
const there = () => new Date(Date.now() - ahead * 1000);
const two = (date, parts) => date.toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false, ...parts });
const hours = (date) => two(date, { hour: "2-digit", minute: "2-digit" });

let good = there(), failed = 0, over = false;

function say(text) {
  lost.hidden = !text;
  lost.querySelector("span").textContent = text;
  document.body.classList.toggle("is-stale", Boolean(text));
}

async function look() {
  if (over) return;
  try {
    const answer = await fetch(`${location.pathname}?seen=${encodeURIComponent(wall.dataset.seen)}`, { cache: "no-store", signal: AbortSignal.timeout(8000) });
    if (answer.status === 403 || answer.status === 404) {
      over = true;
      wall.replaceChildren();
      return say("这个大屏链接已停用或已过期。请管理处在「大屏」页重新生成链接。");
    }
    if (!answer.ok) throw new Error(String(answer.status));
    wall.dataset.seen = answer.headers.get("X-Seen") ?? wall.dataset.seen;
    if (answer.status === 200) { wall.innerHTML = await answer.text(); document.dispatchEvent(new Event("htmx:load")); }
    good = there();
    failed = 0;
    fresh.textContent = `更新于 ${two(good, { hour: "2-digit", minute: "2-digit", second: "2-digit" })}`;
    say("");
  } catch {
    failed += 1;
    if (failed > 1) say(`联系不上服务器，下面是 ${hours(good)} 的情况，不是现在的。恢复后会自动更新。`);
  }
}

function tick() {
  const now = there();
  clock.textContent = hours(now);
  const named = (parts) => now.toLocaleDateString("zh-CN", { timeZone: "Asia/Shanghai", ...parts });
  day.textContent = `${named({ month: "numeric" }).replace("月", "")} 月 ${named({ day: "numeric" }).replace("日", "")} 日 ${named({ weekday: "long" })}`;
}
setInterval(tick, 1000);
setInterval(look, 10000);
setTimeout(() => location.reload(), 6 * 3600 * 1000); // a new version of the page comes by itself
