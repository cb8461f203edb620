// The page of a printed form: one button, and the printer's dialog at once when the page was opened to print.
import { said, shiftOf } from "./shift.js";

const { layout, margins, form, masked } = document.body.dataset;
const [dx, dy] = shiftOf(layout, form);
if (dx || dy) { // the page as a whole, for the printer of this desk: what fits still fits
  const [top, right, bottom, left] = margins.split(" ").map(Number);
  const sides = [top + dy, right - dx, bottom - dy, left + dx].map((side) => `${Math.max(side, 0)}mm`).join(" ");
  const style = new CSSStyleSheet();
  style.replaceSync(`@page { margin: ${sides}; }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];
  for (const place of document.querySelectorAll("[data-shift-said]")) place.append(` ${said([dx, dy])}`);
  for (const link of document.querySelectorAll("[data-shifted]")) link.href += `&dx=${dx}&dy=${dy}`;
}
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
// A sheet in the clear is looked at once: reloading the page, or leaving it open, leads to the masked one.
if (masked) {
  history.replaceState(null, "", masked);
  setTimeout(() => location.replace(masked), 120_000);
}
if (document.body.hasAttribute("data-print-now")) {
  if (!masked) history.replaceState(null, "", location.href.replace(/([?&])go=1&?/, "$1"));
  window.addEventListener("load", () => setTimeout(() => window.print(), 150));
}
