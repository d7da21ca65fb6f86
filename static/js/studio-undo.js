// What takes something away says so, and can be undone: the page goes back to how it was, conversations too.
import { toast } from "./studio-page.js";

let snapshot = () => {};
let restore = () => {};

export function beUndone(page) { ({ snapshot, restore } = page); }

export function undoable(text, work) {
  const before = snapshot();
  work();
  toast(text, "info", () => restore(before));
}
