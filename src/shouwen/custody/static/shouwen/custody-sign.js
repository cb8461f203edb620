import { onGlass } from "./signature.js";

for (const box of document.querySelectorAll("[data-signature]")) {
  const field = box.querySelector("input[type=file]");
  field.before(...onGlass(field, "领用人签名", "btn", "cu-signed"));
}
