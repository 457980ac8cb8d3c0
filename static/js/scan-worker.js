// The service worker of the scan app: keeps the app on the phone, whole, and sends the outbox when the browser says that it can.
//
// It answers for the app's own page and files only, from what it keeps: never for /api, and nothing personal lies in its cache.
// `self.SHELL` {version, page, screens, files} is put before this text by the server: whatever changes there is a new version.

import { openPhone } from "./scan/phone.js";

const { version, page, screens, files } = self.SHELL;
const PREFIX = "relief-scan-";
const CACHE = PREFIX + version;
const BACKGROUND = "relief-sync";
const KEPT = new Set([...screens, ...files]);

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" ? url.pathname === page : KEPT.has(url.pathname)) {
    event.respondWith(kept(request.mode === "navigate" ? page : url.pathname, request));
  }
});

self.addEventListener("sync", (event) => {
  if (event.tag === BACKGROUND) event.waitUntil(sendOutbox());
});

// All or nothing. What an earlier version keeps under the same name, which carries a hash, is not fetched again.
async function install() {
  const cache = await caches.open(CACHE);
  await cache.addAll([page, ...screens].map((address) => new Request(address, { cache: "reload", credentials: "omit" })));
  const missing = [];
  for (const address of files) {
    const known = await caches.match(address, { ignoreVary: true });
    if (known) await cache.put(address, known);
    else missing.push(address);
  }
  await cache.addAll(missing);
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function kept(address, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(address, { ignoreVary: true })) ?? fetch(request); // Where the browser has cleared the cache alone.
}

// Throws where something is left: the browser then tries again later.
async function sendOutbox() {
  const phone = await openPhone();
  try {
    await phone.sync.inBackground();
  } finally {
    phone.close();
  }
}
