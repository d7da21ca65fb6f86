// Private keys that a reader wants remembered on this device: {kid, key} in IndexedDB. The key is a CryptoKey that cannot be read out
// again, by no page and no extension of ours; but whoever uses this browser can open bodies with it. Nothing here is ever sent.
const STORE = "keys";

export const remember = ({ kid, key }, project) => within("readwrite", (keys) => keys.put({ kid, key, project }));

export const forget = (kid) => within("readwrite", (keys) => keys.delete(kid));

export const forgetAll = () => within("readwrite", (keys) => keys.clear());

// {kid, key} of the first of these kids that is remembered; null when none is, or the browser keeps nothing.
export async function recall(kids) {
  for (const kid of kids) {
    const found = await within("readonly", (keys) => keys.get(kid)).catch(() => null);
    if (found) return { kid, key: found.key };
  }
  return null;
}

// What the request came to, once it is written; throws an Error for a person where the browser keeps nothing.
async function within(mode, ask) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const work = database.transaction(STORE, mode);
      const request = ask(work.objectStore(STORE));
      work.oncomplete = () => resolve(request.result);
      work.onerror = work.onabort = () => reject(new Error("This browser does not keep the key. Private windows do not."));
    });
  } finally {
    database.close();
  }
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("clod-keys", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "kid" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(new Error("This browser does not keep the key. Private windows do not."));
  });
}
