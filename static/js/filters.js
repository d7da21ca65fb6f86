// A form of filters shows its result as soon as one of them changes; without JavaScript it has a button.
import { chosenEarly } from "./chosen.js";

const form = document.querySelector(".filters");
form?.addEventListener("change", () => form.requestSubmit());
if (form && chosenEarly(form.elements).length) form.requestSubmit();
