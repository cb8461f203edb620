// The queue of what was done without a signal, and how it is sent: in order, once each, a result for each. Used by pages and
// by the service worker; no page is touched here.

const FINAL = new Set([400, 404, 409, 413, 415, 422]); // the house has said no: a person decides what becomes of it
export const newKey = () => crypto.randomUUID();

// Keep one thing done; `files` are {id, name, type, bytes, purpose, taken_at, spot} that its fields name as "local:<id>".
export async function keep(vault, act, files = []) {
  for (const file of files) await vault.put("files", file.id, file.bytes, {});
  const names = files.map(({ bytes, ...about }) => about);
  const item = { ...act, user: Number(vault.user), files: names, uploaded: {}, state: "waiting", said: "" };
  return vault.put("queue", undefined, item);
}

export const waiting = async (vault) => (await vault.all("queue")).map(({ key, value }) => ({ key, ...value }));

export async function drop(vault, item) {
  for (const file of item.files) await vault.drop("files", file.id);
  await vault.drop("queue", item.key);
}

async function save(vault, item) {
  const { key, ...value } = item;
  await vault.put("queue", key, value);
}

class Stop extends Error { constructor(why) { super(why); this.why = why; } }

async function ask(vault, address, options, csrf) {
  let answer;
  try {
    answer = await fetch(address, {
      ...options, method: "POST", credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout?.(60000),
      headers: { Accept: "application/json", "X-CSRFToken": csrf, ...options.headers },
    });
  } catch { throw new Stop("offline"); }
  const date = Date.parse(answer.headers.get("Date") ?? "");
  if (date) await vault.setOffset(Math.round((date + 500 - Date.now()) / 1000) * 1000);
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new Stop("signed-out");
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const message = said.error?.message || "没有被接受。";
  if (answer.status === 403 && message.startsWith("页面已过期")) throw new Stop("signed-out");
  if (answer.status !== 403 && !FINAL.has(answer.status)) throw new Stop("later");
  throw Object.assign(new Error(message), { status: answer.status, fields: said.error?.fields ?? {} });
}

async function send(vault, item, base, csrf) {
  for (const file of item.files) {
    if (item.uploaded[file.id]) continue;
    const bytes = await vault.get("files", file.id);
    if (!bytes) throw Object.assign(new Error(`「${file.name}」已不在手机里，请重新拍照后再办。`), { status: 422, fields: {} });
    const body = new FormData();
    body.append("file", new Blob([bytes.value], { type: file.type }), file.name);
    body.append("ticket", item.ticket);
    body.append("taken_at", file.taken_at);
    if (file.purpose) body.append("purpose", file.purpose);
    if (file.spot) body.append("spot", file.spot);
    const kept = await ask(vault, new URL("attachments", base), { body, headers: { "Idempotency-Key": file.id } }, csrf);
    item.uploaded[file.id] = kept.key; // sent once, even if the rest has to wait
    await save(vault, item);
  }
  const real = (value) => (value.startsWith("local:") ? item.uploaded[value.slice(6)] ?? "" : value);
  const fields = Object.fromEntries(Object.entries(item.fields).map(([name, values]) => [name, values.map(real)]));
  if (item.kind === "round") { // a point of a round: the area of rounds takes it in
    const { user, run, point, acted_at, offset } = item;
    const body = JSON.stringify({ user, run, point, acted_at, offset, fields });
    return ask(vault, new URL("api/v1/rounds/readings", base), { body, headers: { "Idempotency-Key": item.id, "Content-Type": "application/json" } }, csrf);
  }
  const { user, ticket, task, kind, acted_at, offset, text } = item;
  const body = JSON.stringify({ user, ticket, task, kind, acted_at, offset, fields, text });
  return ask(vault, new URL("api/v1/replay", base), { body, headers: { "Idempotency-Key": item.id, "Content-Type": "application/json" } }, csrf);
}

// Send what waits, in order. Returns {sent: [{item, said}], refused: […], stopped: "" | "offline" | "later" | "signed-out"}.
async function go(vault, base, csrf, changed) {
  const result = { sent: [], refused: [], stopped: "" };
  for (const item of await waiting(vault)) {
    if (item.state !== "waiting") continue;
    try {
      const said = await send(vault, item, base, csrf);
      await drop(vault, item);
      result.sent.push({ item, said });
    } catch (problem) {
      if (problem instanceof Stop) { result.stopped = problem.why; break; }
      if (!problem.status) throw problem;
      Object.assign(item, { state: "refused", said: problem.message, status: problem.status, problems: problem.fields });
      await save(vault, item);
      result.refused.push({ item });
    }
    await changed?.();
  }
  return result;
}

export async function flush(vault, base, csrf, changed) {
  if (!navigator.locks) return go(vault, base, csrf, changed);
  return navigator.locks.request("onsite-sending", () => go(vault, base, csrf, changed));
}
