// Both hands as they are drawn: a finger is tapped, chosen with the keys, or dropped on. Fingers are named "R RING".
import { landing } from "/static/landing.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const fingers = [...document.querySelectorAll(".finger")];
const named = (finger) => `${finger.dataset.side} ${finger.dataset.finger}`;

// chosen(name) when a finger is named, dropped(files, name) when pictures are dropped on it.
export function listenToHands(chosen, dropped) {
  fingers.forEach((finger, n) => {
    finger.addEventListener("click", () => chosen(named(finger)));
    finger.addEventListener("keydown", (e) => {
      if (STEPS[e.key]) step(n, STEPS[e.key]);
      else if (e.key === "Enter" || e.key === " ") chosen(named(finger));
      else return;
      e.preventDefault();
    });
    landing(finger, (files) => dropped(files, named(finger)));
  });
}

// How many pictures each finger has, and how they are; active: the picture that is asked about, or null.
export function showOnHands(cards, active) {
  document.querySelector(".hands").classList.toggle("asking", active !== null);
  for (const finger of fingers) {
    const mine = cards.filter((c) => c.finger === named(finger));
    finger.querySelector(".count").textContent = mine.length || "";
    finger.classList.toggle("fit", mine.some((c) => c.state === "fit"));
    finger.classList.toggle("again", mine.length > 0 && mine.every((c) => c.state === "again"));
    finger.classList.toggle("looking", mine.length > 0 && !mine.some((c) => ["fit", "again"].includes(c.state)));
    finger.setAttribute("aria-checked", String(active !== null && active.finger === named(finger)));
  }
}

function step(from, by) {
  const next = fingers[(from + by + fingers.length) % fingers.length];
  fingers[from].tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
