// What a phone keeps for the time without a signal: encrypted (AES-GCM), under a key that never leaves the browser, for one
// person. No page, no window is touched here: the service worker uses this too.

const NAME = "shouwen-onsite";
const STORES = ["self", "pages", "queue", "files"];

function request(asked) {
  return new Promise((done, failed) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
    asked.onblocked = () => failed(new Error("blocked"));
  });
}

function connect() {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => {
    for (const name of STORES) asked.result.createObjectStore(name, name === "queue" ? { autoIncrement: true } : {});
  };
  return request(asked);
}

async function run(mode, store, work) {
  const database = await connect();
  try {
    const transaction = database.transaction(store, mode);
    const ended = new Promise((done, failed) => {
      transaction.oncomplete = done;
      transaction.onabort = transaction.onerror = () => failed(transaction.error);
    });
    const found = await work(transaction.objectStore(store));
    await ended;
    return found;
  } finally {
    database.close();
  }
}

export const possible = () => Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

const alone = (work) => (navigator.locks ? navigator.locks.request("onsite-vault", work) : work()); // one window at a time

async function clear() { // the key first, so that whatever could not be deleted can no longer be read
  try {
    for (const store of STORES) await run("readwrite", store, (all) => request(all.clear()));
    await request(indexedDB.deleteDatabase(NAME));
  } catch { /* another window holds it open: it is empty by now */ }
}

// Everything goes; but not what belongs to `except` by now (signed in a moment ago, in another window).
export async function wipe(except = "") {
  if (!globalThis.indexedDB) return;
  await alone(async () => { if (!except || (await self())?.user !== except) await clear(); });
}

async function self() {
  return run("readonly", "self", (all) => request(all.get("self")));
}

// Whose vault this is ("" = nobody's).
export async function owner() {
  return possible() ? (await self())?.user ?? "" : "";
}

// The vault of this person; made when there is none, and somebody else's is destroyed first. null where a browser has none.
export async function vault(user) {
  if (!possible() || !user) return null;
  const own = await alone(async () => {
    const found = await self();
    if (found?.user === user) return found;
    if (found) await clear();
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const made = { user, key, offset: 0 };
    await run("readwrite", "self", (all) => request(all.put(made, "self")));
    return made;
  });
  const bound = (store) => ({ name: "AES-GCM", additionalData: new TextEncoder().encode(`${user}:${store}`) });
  const seal = async (store, value) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = value instanceof ArrayBuffer ? value : new TextEncoder().encode(JSON.stringify(value));
    return { iv, data: await crypto.subtle.encrypt({ ...bound(store), iv }, own.key, plain) };
  };
  const open = async (store, kept) => {
    const plain = await crypto.subtle.decrypt({ ...bound(store), iv: kept.iv }, own.key, kept.data);
    return store === "files" ? plain : JSON.parse(new TextDecoder().decode(plain));
  };
  return {
    user,
    offset: own.offset,
    async setOffset(milliseconds) { // how far the server's clock is ahead of this one
      this.offset = milliseconds;
      await run("readwrite", "self", (all) => request(all.put({ ...own, offset: milliseconds }, "self")));
    },
    async put(store, key, value, plain = {}) { // `plain` stays readable: revisions and the like, never content
      const kept = { ...plain, ...(await seal(store, value)) };
      return run("readwrite", store, (all) => request(key === undefined ? all.add(kept) : all.put(kept, key)));
    },
    async get(store, key) {
      const kept = await run("readonly", store, (all) => request(all.get(key)));
      return kept && { ...kept, value: await open(store, kept) };
    },
    async all(store) { // in the order of their keys
      const [keys, rows] = await run("readonly", store, async (all) => Promise.all([request(all.getAllKeys()), request(all.getAll())]));
      const opened = await Promise.allSettled(rows.map(async (kept, at) => ({ ...kept, key: keys[at], value: await open(store, kept) })));
      return opened.filter((one) => one.status === "fulfilled").map((one) => one.value); // what no key opens is not there
    },
    async outlines(store) { // keys and what is readable, without opening anything
      const [keys, rows] = await run("readonly", store, async (all) => Promise.all([request(all.getAllKeys()), request(all.getAll())]));
      return rows.map(({ iv, data, ...plain }, at) => ({ ...plain, key: keys[at] }));
    },
    drop: (store, key) => run("readwrite", store, (all) => request(all.delete(key))),
  };
}
