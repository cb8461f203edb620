// A signature on the glass: a dialog with a sheet to sign on; finger, pen or mouse. Resolves to a PNG file, or null.

const INK = "#10203a";
const WIDE = 900; // pixels of the picture kept
const TALL = 400;

function button(words, look, run) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: `btn btn-lg ${look}`, textContent: words });
  made.addEventListener("click", run);
  return made;
}

export function sign(title) {
  return new Promise((done) => {
    const dialog = Object.assign(document.createElement("dialog"), { className: "dialog sign-box" });
    dialog.setAttribute("aria-label", title);
    const head = Object.assign(document.createElement("p"), { className: "sign-title", textContent: `${title}：请在框内签名` });
    const sheet = Object.assign(document.createElement("canvas"), { className: "sign-sheet", width: WIDE, height: TALL });
    sheet.setAttribute("role", "img");
    sheet.setAttribute("aria-label", "签名板");
    const pen = sheet.getContext("2d");
    const lines = []; // each a list of [x, y] in pixels of the picture
    let line = null;

    const draw = () => {
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, WIDE, TALL);
      Object.assign(pen, { strokeStyle: INK, fillStyle: INK, lineWidth: 6, lineCap: "round", lineJoin: "round" });
      for (const points of lines) {
        pen.beginPath();
        pen.moveTo(...points[0]);
        for (let at = 1; at < points.length; at += 1) { // through the middles: smooth without kinks
          const [x, y] = points[at - 1];
          pen.quadraticCurveTo(x, y, (x + points[at][0]) / 2, (y + points[at][1]) / 2);
        }
        pen.lineTo(...points.at(-1));
        pen.stroke();
      }
      undo.disabled = clear.disabled = ok.disabled = !lines.length;
    };
    const where = (event) => {
      const box = sheet.getBoundingClientRect();
      return [((event.clientX - box.left) * WIDE) / box.width, ((event.clientY - box.top) * TALL) / box.height];
    };
    sheet.addEventListener("pointerdown", (event) => {
      if (line || event.button > 0) return;
      event.preventDefault();
      sheet.setPointerCapture(event.pointerId);
      line = { id: event.pointerId, points: [where(event)] };
      lines.push(line.points);
      draw();
    });
    sheet.addEventListener("pointermove", (event) => {
      if (line?.id !== event.pointerId) return;
      for (const one of event.getCoalescedEvents?.() ?? [event]) line.points.push(where(one));
      draw();
    });
    for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, (event) => { if (line?.id === event.pointerId) line = null; });

    const close = (file) => { dialog.close(); dialog.remove(); done(file); };
    const undo = button("撤一笔", "", () => { lines.pop(); draw(); });
    const clear = button("重写", "", () => { lines.length = 0; draw(); });
    const cancel = button("取消", "", () => close(null));
    const ok = button("签好了", "btn-primary", () => sheet.toBlob((made) => {
      const at = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium" }).format(new Date());
      close(new File([made], `签名 ${at.replaceAll(":", "")}.png`, { type: "image/png" }));
    }, "image/png"));
    const ways = Object.assign(document.createElement("div"), { className: "sign-ways" });
    ways.append(cancel, undo, clear, ok);
    dialog.append(head, sheet, ways);
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(null); });
    document.body.append(dialog);
    draw();
    dialog.showModal();
  });
}

// A way to sign on the glass into a file field; whoever cannot, hands in a picture by the browser's own field. Gives the button and the
// picture of what was signed, for the page to put where it likes.
export function onGlass(field, title, buttonClass, pictureClass) {
  const open = Object.assign(document.createElement("button"), { type: "button", className: buttonClass, textContent: "在屏幕上签名" });
  const shown = Object.assign(document.createElement("img"), { className: pictureClass, alt: title, hidden: true });
  const show = (file) => {
    shown.src = URL.createObjectURL(file);
    shown.hidden = false;
    open.textContent = "重签";
  };
  open.addEventListener("click", async () => {
    const file = await sign(title);
    if (!file) return;
    const kept = new DataTransfer();
    kept.items.add(file);
    field.files = kept.files;
    show(file);
  });
  field.addEventListener("change", () => { if (field.files[0]) show(field.files[0]); });
  return [open, shown];
}
