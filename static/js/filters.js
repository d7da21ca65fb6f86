// A form of filters shows its result as soon as one of them changes; without JavaScript it has a button.
document.querySelector(".filters")?.addEventListener("change", (event) => event.currentTarget.requestSubmit());
