// Keeps the page true without reloading it: asks for it with its entity tag and exchanges only the parts that changed.
// A part with data-version (the viewer) stays as it is until that version changes.
const SOON = 1000, LATER = 6000; // ms between questions while something moves, and when nothing did for a while
let tag = null, quiet = 0;
const said = document.getElementById("live");

async function ask() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
      if (answer.status === 403) return say("Signed out: the page was started again.");
      if (answer.status === 200) {
        tag = answer.headers.get("ETag");
        quiet = exchange(new DOMParser().parseFromString(await answer.text(), "text/html")) ? 0 : quiet + 1;
      } else quiet += 1;
      say(answer.ok || answer.status === 304 ? "" : "The page does not answer; asking again.");
    } catch {
      quiet += 1;
      say("The page does not answer; asking again.");
    }
  }
  setTimeout(ask, quiet < 20 ? SOON : LATER);
}

function exchange(fresh) {
  const parts = [...fresh.querySelectorAll("[data-live]")], here = [...document.querySelectorAll("[data-live]")];
  if (parts.map(name).join() !== here.map(name).join()) return whole(fresh);
  let changed = false;
  parts.forEach((part, n) => {
    const same = part.dataset.version ? part.dataset.version === here[n].dataset.version : part.innerHTML === here[n].innerHTML;
    if (same) return;
    here[n].replaceWith(part);
    changed = true;
    part.dispatchEvent(new CustomEvent("refreshed", { bubbles: true }));
  });
  return changed;
}

function whole(fresh) {
  document.querySelector("main").replaceWith(fresh.querySelector("main"));
  document.dispatchEvent(new CustomEvent("refreshed"));
  return true;
}

const name = (part) => part.dataset.live;

function say(text) {
  said.textContent = text;
  said.hidden = !text;
}

setTimeout(ask, SOON);
document.addEventListener("visibilitychange", () => { quiet = 0; });
