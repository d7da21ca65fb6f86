// Images beside the prompt: by button, paste and drop, as data URLs within the request. Their size is checked before anything is sent.
import { clone, data, mib, toast } from "./studio-page.js";

const KINDS = ["image/png", "image/jpeg", "image/webp", "image/gif"];
const ROOM = 64 * 1024; // for the words around them
const composer = document.getElementById("composer");
const strip = document.getElementById("thumbs");
const files = document.getElementById("files");
const attach = document.getElementById("attach");
let kept = [];

// changed() is told when there are more or fewer; takes() says whether a model of the panes reads images.
export function takeImages(changed, takes) {
  const add = async (list) => {
    if (!takes()) return toast("None of the chosen models reads images. Choose one that does.", "warn");
    for (const file of list) await keep(file);
    draw(changed);
  };
  attach.addEventListener("click", () => files.click());
  files.addEventListener("change", () => { add([...files.files]); files.value = ""; });
  document.addEventListener("paste", (event) => { if (event.clipboardData?.files.length && !document.querySelector("dialog[open]")) { event.preventDefault(); add([...event.clipboardData.files]); } });
  document.addEventListener("dragover", (event) => { if (event.dataTransfer?.types.includes("Files")) { event.preventDefault(); composer.dataset.dropping = ""; } });
  document.addEventListener("dragleave", (event) => event.relatedTarget || delete composer.dataset.dropping);
  document.addEventListener("drop", (event) => { if (event.dataTransfer?.files.length) { event.preventDefault(); delete composer.dataset.dropping; add([...event.dataTransfer.files]); } });
  strip.addEventListener("click", (event) => {
    const index = [...strip.children].indexOf(event.target.closest("button")?.parentElement);
    if (index < 0) return;
    kept.splice(index, 1);
    draw(changed);
    attach.focus();
  });
}

export const hasImages = () => kept.length > 0;

// Text alone, or text and images as the API takes them.
export function withImages(text) {
  if (!kept.length) return text;
  return [...(text ? [{ type: "text", text }] : []), ...kept.map(({ url }) => ({ type: "image_url", image_url: { url } }))];
}

export function dropImages(changed) {
  kept = [];
  draw(changed);
}

export function allowImages(may) {
  attach.disabled = !may;
  attach.title = may ? "Add an image, or paste or drop one" : "None of the chosen models reads images";
}

// Those of a prompt that is written again; they were checked when they were added.
export function keepImages(urls, changed) {
  kept = urls.map((url) => ({ name: "An image", url }));
  draw(changed);
}

async function keep(file) {
  if (!KINDS.includes(file.type)) return toast(`${file.name} is ${file.type || "no image"}. Take PNG, JPEG, WebP or GIF.`, "warn");
  const most = data.most_bytes - ROOM;
  const all = kept.reduce((sum, { url }) => sum + url.length, 0) + Math.ceil(file.size / 3) * 4;
  if (all > most) return toast(`With ${file.name} the request would have ${mib(all)} MiB, and the API takes ${mib(data.most_bytes)}. Take a smaller image.`, "bad");
  if (!(await isImage(file))) return toast(`${file.name} cannot be read as an image. Take PNG, JPEG, WebP or GIF.`, "warn");
  kept.push({ name: file.name, url: await read(file) });
}

// Whatever its name says.
const isImage = (file) => createImageBitmap(file).then((image) => { image.close(); return true; }, () => false);

function read(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

function draw(changed) {
  strip.hidden = !kept.length;
  strip.replaceChildren(...kept.map(({ name, url }) => {
    const thumb = clone("thumb-template");
    Object.assign(thumb.querySelector("img"), { src: url, alt: name });
    return thumb;
  }));
  changed();
}
