// A signature on the glass; whoever cannot, hands in a picture by the browser's own field.
import { sign } from "./signature.js";

for (const box of document.querySelectorAll("[data-signature]")) {
  const field = box.querySelector("input[type=file]");
  const open = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: "在屏幕上签名" });
  const shown = Object.assign(document.createElement("img"), { className: "cu-signed", alt: "领用人签名", hidden: true });
  const keep = (file) => {
    shown.src = URL.createObjectURL(file);
    shown.hidden = false;
    open.textContent = "重签";
  };
  open.addEventListener("click", async () => {
    const file = await sign("领用人签名");
    if (!file) return;
    const kept = new DataTransfer();
    kept.items.add(file);
    field.files = kept.files;
    keep(file);
  });
  field.addEventListener("change", () => { if (field.files[0]) keep(field.files[0]); });
  field.before(open, shown);
}
