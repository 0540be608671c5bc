// One picture on the shelf: its preview, what was seen on it, its finger. Text of files and servers is only ever text.
const WORDS = { waiting: "on its way", looking: "is looked at", fit: "fit to be scored", again: "take it again", refused: "not taken" };

export class PictureCard {
  constructor(name, told) {
    this.name = name;
    this.id = null; // the server's, once it has it
    this.state = "waiting";
    this.finger = ""; // "R RING"
    this.element = document.getElementById("card").content.firstElementChild.cloneNode(true);
    this.part(".name").textContent = name;
    this.part(".choose").setAttribute("aria-label", `Name the finger of ${name}`);
    this.part(".remove").setAttribute("aria-label", `Remove ${name}`);
    this.part(".choose").addEventListener("click", () => told.chosen(this));
    this.part(".remove").addEventListener("click", () => told.removed(this));
    this.part("select").addEventListener("change", (e) => { this.nameFinger(e.target.value); told.named(this); });
    this.become("waiting");
  }

  part(selector) {
    return this.element.querySelector(selector);
  }

  get counts() {
    return this.state !== "refused";
  }

  become(state, advice = "") {
    this.element.classList.remove(this.state);
    this.element.classList.add(state);
    this.state = state;
    this.part(".chip").textContent = WORDS[state];
    this.part(".advice").textContent = advice;
    this.part(".waiting").textContent = { waiting: "…", looking: "…", refused: "no picture" }[state] || "";
    this.part(".choose").disabled = state === "refused";
    this.part("select").hidden = state === "refused";
  }

  show(seen) {
    this.id = seen.id;
    this.become(seen.fit ? "fit" : "again", [seen.advice, ...seen.warnings].filter(Boolean).join(" "));
    const image = this.part("img");
    image.src = `/api/upload/pictures/${seen.id}/preview`;
    image.alt = `${this.name}, ${seen.columns} × ${seen.rows} pixels`;
    image.hidden = false;
    this.part(".waiting").hidden = true;
  }

  nameFinger(finger) {
    this.finger = finger;
    this.part("select").value = finger;
    this.part("select").classList.toggle("open", !finger);
  }

  // Off the shelf; what is still on its way to be shown is not waited for.
  leave() {
    this.part("img").removeAttribute("src");
    this.element.remove();
  }

  activate(on) {
    this.element.classList.toggle("active", on);
    this.part(".choose").setAttribute("aria-pressed", String(on));
  }
}
