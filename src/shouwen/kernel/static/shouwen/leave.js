// What a person kept on this phone goes with them: at log-out, and when somebody else has signed in. On every page.

import { possible, wipe } from "./vault.js";

const MARK = "onsite-user"; // whose vault there is, and how much waits in it: no content
const WAITS = "onsite-waiting";
const user = document.body.dataset.user || "";

function forget(except) {
  for (const mark of [MARK, WAITS]) localStorage.removeItem(mark);
  return wipe(except);
}
if (possible()) {
  const kept = localStorage.getItem(MARK);
  if (kept && user && kept !== user) forget(user);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-logout]") || !localStorage.getItem(MARK)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const waits = Number(localStorage.getItem(WAITS)) || 0;
    const go = () => forget().finally(() => {
      for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft:")) sessionStorage.removeItem(key);
      HTMLFormElement.prototype.submit.call(form);
    });
    const dialog = document.getElementById("confirm");
    if (!waits || !dialog) return go();
    dialog.querySelector("#confirm-text").textContent = `还有 ${waits} 项操作没有发送。现在退出，它们会从这部手机上删除，不能恢复。`;
    const ok = dialog.querySelector("[data-ok]");
    ok.textContent = "删除并退出";
    ok.classList.add("btn-danger");
    ok.classList.remove("btn-primary");
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => { if (dialog.returnValue === "yes") go(); }, { once: true });
    dialog.showModal();
  }, true);
}
