/* The count sheet: each label that is scanned ticks its row; Enter never sends the sheet. */
(() => {
  "use strict";
  const sheet = document.querySelector("[data-count]"), bar = document.querySelector("[data-count-scan]");
  document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
  if (!sheet || !bar) return;
  const input = bar.querySelector("input"), said = bar.querySelector(".cu-said");
  const rows = [...sheet.querySelectorAll("tr[data-code]")];
  bar.hidden = false;
  sheet.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const code = input.value.trim().replace(/\/+$/, "").split("/").pop().toUpperCase();
    input.value = "";
    if (!code) return;
    const row = rows.find((each) => each.dataset.code === code || each.dataset.number === code);
    if (!row) { said.textContent = `「${code}」不在这个柜子里`; return; }
    const field = row.querySelector(".cu-n");
    field.value = Math.min(Number(field.value || 0) + 1, 999);
    row.classList.add("is-seen");
    row.scrollIntoView({block: "nearest"});
    said.textContent = `${row.dataset.number}：${field.value}，共点到 ${rows.filter((each) => each.querySelector(".cu-n").value).length}/${rows.length}`;
  });
})();
