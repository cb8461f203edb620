// Small comforts of the residents' pages; everything works without them.
import { smaller } from "./photo.js";
import { onGlass } from "./signature.js";

for (const box of document.querySelectorAll("[data-signature]")) {
  const field = box.querySelector("input[type=file]");
  box.append(...onGlass(field, "您的签名", "p-button p-quiet p-wide", "p-signed").reverse());
  field.hidden = true;
}

// Chosen pictures are shown before they are sent, and made small enough for a phone's connection.
for (const field of document.querySelectorAll("input[type=file][multiple]")) {
  const frame = document.createElement("div");
  frame.className = "p-file";
  field.replaceWith(frame);
  frame.append("拍照或选照片", field);
  const box = document.createElement("div");
  box.className = "p-previews";
  frame.after(box);
  field.addEventListener("change", async () => {
    box.replaceChildren();
    const kept = new DataTransfer();
    for (const file of [...field.files].slice(0, 6)) {
      const small = await smaller(file);
      kept.items.add(small);
      const image = document.createElement("img");
      image.src = URL.createObjectURL(small);
      image.alt = file.name;
      image.width = image.height = 72;
      box.append(image);
    }
    field.files = kept.files;
  });
}

// A form is sent once.
for (const form of document.querySelectorAll(".portal form[method=post]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button[type=submit]:last-of-type");
    if (button && form.checkValidity()) setTimeout(() => { button.disabled = true; }, 0);
  });
}
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll(".portal button[disabled]")) button.disabled = false;
});
