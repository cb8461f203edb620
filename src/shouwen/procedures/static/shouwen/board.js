// Lists of tasks: j and k move from row to row, Enter opens (it is a link). A list that refreshes itself says when it could not.

const links = () => [...document.querySelectorAll("a[data-row]")].filter((link) => link.offsetParent);

document.addEventListener("click", (event) => {
  const move = event.target.closest("[data-move]");
  if (!move) return;
  const rows = links();
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement?.closest("tr, li")?.querySelector("a[data-row]"));
  const next = rows[at < 0 ? 0 : Math.min(Math.max(at + Number(move.dataset.move), 0), rows.length - 1)];
  next.focus({ preventScroll: true });
  next.closest("tr, li").scrollIntoView({ block: "nearest" });
});

// --- a refresh that fails is no reason for a message every ten seconds: one quiet line says how old the list is ---

let fresh = new Date();
const stale = document.getElementById("stale");

function lost(event) {
  if (event.detail.elt?.id !== "board") return;
  event.stopPropagation();
  const clock = fresh.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  if (stale) { stale.hidden = false; stale.querySelector("span").textContent = `联系不上服务器，下面是 ${clock} 的情况，恢复后会自动更新。`; }
}
for (const name of ["htmx:sendError", "htmx:timeout"]) document.body.addEventListener(name, lost);
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.elt?.id === "board" && event.detail.xhr.status >= 500) { event.detail.shouldSwap = false; lost(event); }
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt?.id !== "board" || !event.detail.successful) return;
  fresh = new Date();
  if (stale) stale.hidden = true;
});
document.body.addEventListener("htmx:beforeRequest", (event) => { // nobody looks: the server need not be asked
  if (event.detail.elt?.id === "board" && document.hidden && event.detail.requestConfig.verb === "get") event.preventDefault();
});
