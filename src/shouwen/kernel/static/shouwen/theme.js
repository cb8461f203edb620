// Runs before the first paint, so that a night shift is never flashed with white.
(() => {
  const names = { auto: "跟随系统", light: "浅色", dark: "深色" };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("theme") || "auto"; } catch { return "auto"; } };
  const apply = () => {
    const theme = chosen();
    document.documentElement.dataset.bsTheme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
    for (const label of document.querySelectorAll("[data-theme-name]")) label.textContent = names[theme];
  };
  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-next]")) return;
    const order = Object.keys(names);
    const next = order[(order.indexOf(chosen()) + 1) % order.length];
    try { localStorage.setItem("theme", next); } catch { return; }
    apply();
  });
})();
