// A paper prints in another tab. Coming back from it, the page shows what has changed: number, copies, one printing more.
import { shiftOf } from "./shift.js";

for (const form of document.querySelectorAll("form[data-paper-print]")) {
  form.addEventListener("submit", () => window.addEventListener("focus", () => location.reload(), { once: true }));
  form.addEventListener("formdata", (event) => { // a PDF is made on the server: it is told by how much this printer is off
    const [dx, dy] = shiftOf(event.formData.get("layout"), form.dataset.paperPrint);
    if (dx || dy) { event.formData.set("dx", dx); event.formData.set("dy", dy); }
  });
}
