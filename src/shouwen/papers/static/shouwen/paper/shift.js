// Shifts of this browser's printer: layout or form:<slug> → [millimetres right, millimetres down].
const KEPT = "shouwen-printer";

export function all() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch { return {}; }
}
export function keep(key, shift) {
  const found = all();
  if (shift) found[key] = shift; else delete found[key];
  localStorage.setItem(KEPT, JSON.stringify(found));
}
export function shiftOf(layout, form) {
  const found = all()[`form:${form}`] ?? all()[layout];
  return Array.isArray(found) && found.length === 2 && found.every((one) => Math.abs(one) <= 20) ? found : [0, 0];
}
export function said([dx, dy]) {
  const parts = [dx && `${dx > 0 ? "右" : "左"}移 ${Math.abs(dx)} mm`, dy && `${dy > 0 ? "下" : "上"}移 ${Math.abs(dy)} mm`];
  return parts.filter(Boolean).join("，");
}
