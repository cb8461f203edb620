// The page of a printed form: one button, and the printer's dialog at once when the page was opened to print.
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
if (document.body.hasAttribute("data-print-now")) {
  history.replaceState(null, "", location.href.replace(/([?&])go=1&?/, "$1"));
  window.addEventListener("load", () => setTimeout(() => window.print(), 150));
}
