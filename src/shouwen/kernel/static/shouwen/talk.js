// What the page says back: toasts, the CSRF token for htmx, and what happens when the server cannot be reached or says no.

const TOAST_SECONDS = { success: 5, info: 8 }; // warnings and errors stay until closed

export function toast(text, kind = "info", action = null) {
  const area = document.getElementById("toasts");
  if (!area) return;
  for (const old of area.children) if (old.querySelector("span:not([data-kind])")?.textContent === text) old.remove();
  const line = document.createElement("div");
  line.className = `toast-line is-${kind}`;
  line.dataset.kind = kind;
  const sign = document.getElementById("toast-icons")?.content.querySelector(`[data-kind="${kind}"]`);
  if (sign) line.append(sign.firstElementChild.cloneNode(true));
  const words = document.createElement("span");
  words.textContent = text;
  line.append(words);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.textContent = action.title;
    button.addEventListener("click", () => { line.remove(); action.run(); });
    line.append(button);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close";
  close.setAttribute("aria-label", "关闭");
  close.dataset.dismiss = "";
  line.append(close);
  area.append(line);
  leaveInTime(line);
}

function leaveInTime(line) {
  const seconds = TOAST_SECONDS[line.dataset.kind];
  if (!seconds) return;
  const leave = () => (line.matches(":hover, :focus-within") ? setTimeout(leave, 1000) : line.remove());
  setTimeout(leave, seconds * 1000);
}

for (const line of document.querySelectorAll("#toasts .toast-line")) leaveInTime(line);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-dismiss]")) event.target.closest(".toast-line")?.remove();
  if (event.target.closest("[data-back]")) history.length > 1 ? history.back() : location.assign("/");
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("flash", (event) => toast(event.detail.text, event.detail.kind, event.detail.action));

// --- the menu on phones ---

function showMenu(open) {
  document.documentElement.classList.toggle("menu-open", open);
  const button = document.querySelector("[data-menu-open]");
  button?.setAttribute("aria-expanded", String(open));
  if (open) document.querySelector(".side a")?.focus(); else button?.focus();
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-menu-open]")) showMenu(true);
  if (event.target.closest("[data-menu-close]")) showMenu(false);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (document.documentElement.classList.contains("menu-open")) showMenu(false);
  const menu = document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});

// --- htmx ---

export function csrfToken() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return cookie ? decodeURIComponent(cookie.slice(10)) : document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

const USUAL = {
  400: "请求无法理解，请刷新页面后重试。", 403: "您没有这项权限，或页面已经过期。", 404: "没有找到，或您无权查看。",
  405: "请从页面上的按钮操作。", 409: "刚刚被别人处理过，请刷新后再试。", 413: "内容太大，请压缩图片或分几次上传。",
  429: "操作太频繁，请稍等几分钟再试。", 503: "系统暂时繁忙，请稍等片刻再试。",
};

document.addEventListener("htmx:configRequest", (event) => { // the cookie is right also after signing in anew in another window
  event.detail.headers["X-CSRFToken"] = csrfToken();
  delete event.detail.parameters.csrfmiddlewaretoken;
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  const type = xhr.getResponseHeader("Content-Type") || "";
  const page = type.includes("html") ? new DOMParser().parseFromString(xhr.responseText, "text/html") : null;
  if (xhr.status === 401 || page?.body.dataset.page === "login") {
    event.detail.shouldSwap = false; // the form stays as it was filled in
    document.getElementById("signed-out")?.showModal();
    return;
  }
  if (xhr.status < 400) return;
  const refusal = page?.querySelector("[data-refusal], body > .alert");
  if (xhr.status === 422 && !refusal) return; // the form again, with its mistakes marked
  event.detail.shouldSwap = false;
  const said = refusal ? [...refusal.querySelectorAll("p, li")].map((line) => line.textContent.trim()).filter(Boolean).join(" ") : "";
  toast(said || USUAL[xhr.status] || "系统出错了，刚才的修改没有保存，请稍后重试。", "danger");
});

function again(event, text) {
  if (event.detail.requestConfig?.verb === "get" && document.querySelector("[data-works-offline]")) return; // a look that failed: the page says 离线 itself
  const { elt, requestConfig } = event.detail;
  toast(text, "danger", {
    title: "重试",
    run: () => (elt.tagName === "FORM" ? elt.requestSubmit() : window.htmx.trigger(elt, requestConfig?.triggeringEvent?.type || "click")),
  });
}
document.addEventListener("htmx:sendError", (event) => again(event, "网络中断，没有收到答复。重试不会重复办理。"));
document.addEventListener("htmx:timeout", (event) => again(event, "服务器迟迟没有答复。重试不会重复办理。"));

const works = () => document.querySelector("[data-works-offline]"); // pages that go on without a signal say so themselves
window.addEventListener("offline", () => { if (!works()) toast("网络已断开，现在提交的内容发不出去。", "warning"); });
window.addEventListener("online", () => {
  if (works()) return;
  document.querySelectorAll("#toasts .is-warning").forEach((line) => line.remove());
  toast("网络已恢复。", "success");
});

const problem = document.querySelector("[data-focus]");
if (problem) problem.focus();
