// A picture as a camera gives it is ten times what anybody needs: made smaller before it is kept or sent.

const LONGEST = 1600; // pixels
const QUALITY = 0.82;

// The picture as JPEG with its longer side at most LONGEST; the file itself when it cannot be read or is small already.
// Drawn anew, it has lost what the camera wrote into it, its place among that.
export async function smaller(file) {
  if (!file.type.startsWith("image/") || file.type === "image/gif") return file;
  let picture;
  try { picture = await createImageBitmap(file, { imageOrientation: "from-image" }); } catch { return file; }
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  if (!made) return file;
  return new File([made], `${file.name.replace(/\.[^.]*$/, "") || "照片"}.jpg`, { type: "image/jpeg" });
}

// Where the phone is, "22.54310,114.05790 ±12"; "" when it does not know within some seconds or may not say.
export function spot() {
  return new Promise((done) => {
    if (!navigator.geolocation) return done("");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => done(`${coords.latitude.toFixed(5)},${coords.longitude.toFixed(5)} ±${Math.min(99999, Math.round(coords.accuracy))}`),
      () => done(""),
      { enableHighAccuracy: true, timeout: 5000, maximumAge: 60000 },
    );
  });
}
