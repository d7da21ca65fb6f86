// Keys of sealed logs that a reader wants remembered on this device: IndexedDB keeps the CryptoKey, which no page can read out again.
const NAME = "clod_keys";
const KEYS = "keys";

export const remember = ({ kid, key }, project) => inStore("readwrite", (store) => store.put({ kid, key, project }));
export const forget = (kid) => inStore("readwrite", (store) => store.delete(kid));
export const forgetAll = () => inStore("readwrite", (store) => store.clear());

// The first of them that is remembered, as {kid, key}; null when none is.
export async function recall(kids) {
  for (const kid of kids) {
    const found = await inStore("readonly", (store) => store.get(kid)).catch(() => null);
    if (found) return { kid: found.kid, key: found.key };
  }
  return null;
}

async function inStore(mode, work) {
  const database = await opened();
  try {
    return await settled(work(database.transaction(KEYS, mode).objectStore(KEYS)));
  } finally {
    database.close();
  }
}

function opened() {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(KEYS, { keyPath: "kid" });
  return settled(opening);
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
