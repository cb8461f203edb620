// Small comforts of the residents' pages; everything works without them.
import { sign } from "./signature.js";

// A signature on the glass; whoever cannot, hands in a picture by the browser's own field.
for (const box of document.querySelectorAll("[data-signature]")) {
  const field = box.querySelector("input[type=file]");
  const open = Object.assign(document.createElement("button"), { type: "button", className: "p-button p-quiet p-wide", textContent: "在屏幕上签名" });
  const shown = Object.assign(document.createElement("img"), { className: "p-signed", alt: "您的签名", hidden: true });
  const keep = (file) => {
    shown.src = URL.createObjectURL(file);
    shown.hidden = false;
    open.textContent = "重签";
  };
  open.addEventListener("click", async () => {
    const file = await sign("您的签名");
    if (!file) return;
    const kept = new DataTransfer();
    kept.items.add(file);
    field.files = kept.files;
    keep(file);
  });
  field.addEventListener("change", () => { if (field.files[0]) keep(field.files[0]); });
  field.hidden = true;
  box.append(shown, open);
}

// Chosen pictures are shown before they are sent, and made small enough for a phone's connection.
const LARGEST = 1600;

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

async function smaller(file) {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size < 600_000) return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LARGEST / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82));
    return blob ? new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }) : file;
  } catch {
    return file;
  }
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
