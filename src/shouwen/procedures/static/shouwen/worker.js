// The service worker: the frame, styles and scripts open without a signal, and what waits is sent when there is one again.
// Pages made for somebody are never kept here; what is readable offline lies encrypted in the vault (vault.js).
// Its imports and SETTINGS are written before this by the server (pages/worker.py): version, files, shell…

const CACHE = `shell-${SETTINGS.version}`;
const KEPT = whole(SETTINGS.files);
const FIXED = whole(SETTINGS.fixed); // named by their content: what is kept is what would be sent
const PATIENCE = 8000; // milliseconds for a page on the move, before the shell stands in for it

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([...SETTINGS.files, SETTINGS.shell].map((url) => new Request(url, { cache: "reload", credentials: "omit" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("shell-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

async function page(request) {
  try {
    const patient = new URL(request.url).pathname.startsWith(SETTINGS.mine) ? AbortSignal.timeout?.(PATIENCE) : undefined;
    return await fetch(request, { signal: patient });
  } catch {
    return (await caches.match(SETTINGS.shell, { cacheName: CACHE })) ?? Response.error();
  }
}

async function file(request) {
  const kept = await caches.match(request, { cacheName: CACHE });
  if (kept && FIXED.has(request.url)) return kept;
  try { return await fetch(request); } catch (problem) { if (kept) return kept; throw problem; }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (KEPT.has(request.url)) event.respondWith(file(request));
});

// Background Sync, where there is one: the queue leaves although no window is open.
self.addEventListener("sync", (event) => {
  if (event.tag === "onsite") event.waitUntil((async () => {
    const user = await owner();
    const cookie = await self.cookieStore?.get("csrftoken");
    if (!user || !cookie) return;
    const result = await flush(await vault(user), self.registration.scope, cookie.value);
    for (const window of await self.clients.matchAll()) window.postMessage(result);
    const { stopped } = result;
    if (stopped === "offline" || stopped === "later") throw new Error(stopped); // the browser tries again by itself
  })());
});
