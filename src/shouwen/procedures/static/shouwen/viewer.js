// Pictures of evidence: one after the other, larger and smaller, before and after side by side. ← → turn, + − 0 size, B side by side, Esc closes.

const dialog = document.getElementById("viewer");
const part = (name) => dialog.querySelector(`[data-viewer-${name}]`);
const stage = part("stage");
let pictures = [];
let at = 0;
let size = 1;
let pair = false;

function collect(link) { // pictures of the shelves; a link elsewhere to one of them opens it there
  const shelves = [...document.querySelectorAll("#evidence [data-view]")];
  pictures = shelves.some((one) => one.pathname === link.pathname) ? shelves : [link];
  at = Math.max(0, pictures.findIndex((one) => one.pathname === link.pathname));
}
const counterpart = (link) => {
  const wanted = { before: "after", after: "before" }[link.dataset.view];
  return wanted && pictures.find((one) => one.dataset.view === wanted);
};
function figure(link) {
  const box = document.createElement("figure");
  const words = document.createElement("figcaption");
  words.textContent = [link.dataset.viewTitle, link.dataset.viewNote].filter(Boolean).join("：");
  const image = Object.assign(document.createElement("img"), { src: link.href, alt: link.querySelector("img")?.alt || link.textContent.trim(), draggable: false });
  box.append(image, words);
  return box;
}
function show() {
  const link = pictures[at];
  const other = counterpart(link);
  part("pair").hidden = !other;
  part("pair").setAttribute("aria-pressed", String(pair && Boolean(other)));
  const shown = pair && other ? [link, other].sort((a) => (a.dataset.view === "before" ? -1 : 1)) : [link];
  stage.classList.toggle("is-pair", shown.length > 1);
  stage.replaceChildren(...shown.map(figure));
  part("title").textContent = shown.length > 1 ? "处理前 | 处理后" : link.dataset.viewTitle || "";
  part("count").textContent = pictures.length > 1 ? `${at + 1}/${pictures.length}` : "";
  part("note").textContent = shown.length > 1 ? "" : link.dataset.viewNote || "";
  part("original").href = link.dataset.viewOriginal || `${link.href}?original`;
  for (const name of ["back", "on"]) part(name).hidden = pictures.length < 2;
  resize(1);
}
function resize(next) { // sizes are classes of ticket.css, by half steps of two
  size = Math.min(8, Math.max(1, next));
  stage.dataset.size = String(Math.round(Math.log2(size) * 2));
}
function turn(step) { at = (at + step + pictures.length) % pictures.length; show(); }

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-view]");
  if (!link || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  pair = false;
  collect(link);
  show();
  dialog.showModal();
  stage.focus();
});
if (dialog) {
  part("close").addEventListener("click", () => dialog.close());
  part("back").addEventListener("click", () => turn(-1));
  part("on").addEventListener("click", () => turn(1));
  part("in").addEventListener("click", () => resize(size * Math.SQRT2));
  part("out").addEventListener("click", () => resize(size / Math.SQRT2));
  part("pair").addEventListener("click", () => { pair = !pair; show(); });
  stage.addEventListener("dblclick", () => resize(size > 1 ? 1 : 2));
  stage.addEventListener("wheel", (event) => { if (!event.ctrlKey) return; event.preventDefault(); resize(event.deltaY < 0 ? size * Math.SQRT2 : size / Math.SQRT2); }, { passive: false });
  let drag = null; // enlarged, the picture is moved by hand
  stage.addEventListener("pointerdown", (event) => { drag = { x: event.clientX + stage.scrollLeft, y: event.clientY + stage.scrollTop, from: event.clientX }; });
  stage.addEventListener("pointermove", (event) => { if (drag && size > 1) { stage.scrollLeft = drag.x - event.clientX; stage.scrollTop = drag.y - event.clientY; } });
  for (const kind of ["pointerup", "pointercancel", "pointerleave"]) stage.addEventListener(kind, (event) => {
    if (drag && size === 1 && kind === "pointerup" && Math.abs(event.clientX - drag.from) > 60) turn(event.clientX < drag.from ? 1 : -1);
    drag = null;
  });
  dialog.addEventListener("keydown", (event) => {
    const act = { ArrowLeft: () => turn(-1), ArrowRight: () => turn(1), "+": () => resize(size * Math.SQRT2), "=": () => resize(size * Math.SQRT2), "-": () => resize(size / Math.SQRT2),
      0: () => resize(1), b: () => { if (!part("pair").hidden) { pair = !pair; show(); } } }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
