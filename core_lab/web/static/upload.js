// The upload page: pictures go up two at a time and are judged as they arrive; fingers are named on the drawn hands;
// then the visit is sent, and what becomes of it is asked for until it rests.
import { PictureCard } from "/static/picture_card.js";

const $ = (id) => document.getElementById(id);
const page = $("upload"), MOST = Number(page.dataset.pictures), MOST_BYTES = Number(page.dataset.bytes);
const STATES = JSON.parse(page.dataset.states);
const AT_A_TIME = 2;
const FIELDS = ["patient_id", "protocol", "site", "subject", "time_point"];
const REST = ["held", "delivered", "not_evaluable", "no_system", "failed"];
const fingers = [...document.querySelectorAll(".finger")];
let cards = [], active = null, queue = [], going = 0, confirmed = false;

// ---- talking with the server

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(`/api/upload/${path}`, { cache: "no-store", ...options });
  } catch {
    throw new Error("The page does not answer. Is it still running on this computer?");
  }
  const said = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error ? said.error.text : `The page answered with ${answer.status}.`);
  return said;
}

function scale() {
  const text = $("lens").value === "measured" ? $("um_per_px").value : $("lens").value;
  return number(text);
}

function number(text) {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() && value > 0 ? value : null;
}

function query(values) {
  const known = Object.entries(values).filter(([, value]) => value !== null && value !== "");
  return known.length ? `?${new URLSearchParams(known)}` : "";
}

// ---- pictures come

function take(files, finger = "") {
  for (const file of files) {
    const card = put(new PictureCard(file.name, { chosen: choose, removed: remove, named: tell }));
    const room = cards.filter((c) => c.counts).length <= MOST;
    if (!room) card.become("refused", `There are ${MOST} pictures already, the most of one visit.`);
    else if (file.size > MOST_BYTES) card.become("refused", `The file is larger than ${Math.floor(MOST_BYTES / 2 ** 20)} MB. Let the phone take smaller pictures, or export it as JPEG.`);
    else {
      card.nameFinger(finger);
      queue.push([card, file]);
    }
  }
  if (!active) advance();
  pump();
  tell();
}

function put(card) {
  cards.push(card);
  $("shelf").append(card.element);
  return card;
}

async function pump() {
  while (going < AT_A_TIME && queue.length) {
    going += 1;
    const [card, file] = queue.shift();
    up(card, file).finally(() => { going -= 1; pump(); });
  }
}

async function up(card, file) {
  if (!cards.includes(card)) return;
  card.become("looking");
  const about = query({ name: file.name, modified: file.lastModified / 1000, um_per_px: scale() });
  try {
    const seen = await ask(`pictures${about}`, { method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" } });
    if (!cards.includes(card)) return void ask(`pictures/${seen.id}`, { method: "DELETE" }); // removed meanwhile
    card.show(seen);
  } catch (error) {
    card.become("refused", error.message);
    if (card === active) advance();
  }
  remember();
  tell();
}

async function lookAgain() {
  for (const card of cards.filter((c) => c.id)) {
    card.become("looking");
    try {
      card.show(await ask(`pictures/${card.id}/look${query({ um_per_px: scale() })}`, { method: "POST" }));
    } catch (error) {
      card.id = null;
      card.become("refused", error.message);
    }
  }
  tell();
}

function remove(card) {
  const at = cards.indexOf(card);
  cards.splice(at, 1);
  card.element.remove();
  if (card.id) ask(`pictures/${card.id}`, { method: "DELETE" }).catch(() => {});
  if (card === active) advance(at);
  const near = cards[Math.min(at, cards.length - 1)];
  (near ? near.part(near.counts ? ".choose" : ".remove") : $("files")).focus();
  remember();
  tell();
}

// ---- whose finger

function choose(card) {
  active = card;
  for (const one of cards) one.activate(one === card);
  tell();
}

function advance(from = active ? cards.indexOf(active) : 0) {
  const order = [...cards.slice(from), ...cards.slice(0, from)];
  choose(order.find((c) => c.counts && !c.finger) || null);
  if (active) active.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

function nameActive(finger) {
  if (!active) return;
  active.nameFinger(`${finger.dataset.side} ${finger.dataset.finger}`);
  remember();
  advance();
  tell();
}

fingers.forEach((finger, n) => {
  finger.addEventListener("click", () => nameActive(finger));
  finger.addEventListener("keydown", (e) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
    if (step) {
      const next = fingers[(n + step + fingers.length) % fingers.length];
      finger.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if (e.key === "Enter" || e.key === " ") nameActive(finger);
    else return;
    e.preventDefault();
  });
  landing(finger, (files) => take(files, `${finger.dataset.side} ${finger.dataset.finger}`));
});

// ---- what is said on the page

function tell() {
  const here = cards.filter((c) => c.counts), n = (state) => here.filter((c) => c.state === state).length;
  const words = [here.length === 1 ? "1 picture" : `${here.length} pictures`];
  if (n("fit")) words.push(`${n("fit")} fit`);
  if (n("again")) words.push(`${n("again")} to be taken again`);
  if (n("waiting") + n("looking")) words.push(`${n("waiting") + n("looking")} on the way`);
  $("tally").textContent = cards.length ? words.join(", ") : "";
  $("question").textContent = active ? `Whose finger is ${active.name}?` : here.length ? "Every picture has its finger" : "Whose finger is it?";
  page.querySelector(".hands").classList.toggle("asking", active !== null);
  for (const finger of fingers) {
    const key = `${finger.dataset.side} ${finger.dataset.finger}`, mine = here.filter((c) => c.finger === key);
    finger.querySelector(".count").textContent = mine.length || "";
    finger.classList.toggle("fit", mine.some((c) => c.state === "fit"));
    finger.classList.toggle("again", mine.length > 0 && mine.every((c) => c.state === "again"));
    finger.classList.toggle("looking", mine.length > 0 && !mine.some((c) => ["fit", "again"].includes(c.state)));
    finger.setAttribute("aria-checked", String(active !== null && active.finger === key));
  }
  $("send").disabled = !here.length || n("waiting") + n("looking") > 0 || !$("patient_id").value.trim();
  confirmed = false;
  $("send").textContent = "Send the visit";
  $("doubts").hidden = true;
}

function complain(text) {
  $("fault").textContent = text;
  $("fault").hidden = !text;
}

// What was named survives a reload of the page: ids of pictures and fingers, nothing of the patient.
function remember() {
  sessionStorage.setItem("fingers", JSON.stringify(Object.fromEntries(cards.filter((c) => c.id).map((c) => [c.id, c.finger]))));
}

async function restore() {
  const known = JSON.parse(sessionStorage.getItem("fingers") || "{}");
  for (const seen of await ask("pictures")) {
    const card = put(new PictureCard(seen.name, { chosen: choose, removed: remove, named: tell }));
    card.show(seen);
    card.nameFinger(known[seen.id] || "");
  }
  advance(0);
  tell();
}

// ---- the visit goes

async function send() {
  complain("");
  const form = Object.fromEntries(FIELDS.map((field) => [field, $(field).value]));
  const pictures = cards.filter((c) => c.id).map((c) => ({ id: c.id, side: c.finger.split(" ")[0], finger: c.finger.split(" ")[1] || "" }));
  const numbers = { um_per_px: scale(), magnification: number($("magnification").value) };
  $("send").disabled = true;
  $("sending").textContent = `${pictures.length} pictures are written as DICOM and handed over …`;
  try {
    const said = await ask("visit", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...form, ...numbers, pictures, confirmed }) });
    if (said.doubts) doubt(said.doubts);
    else done(said);
  } catch (error) {
    complain(error.message);
  }
  $("sending").textContent = "";
  $("send").disabled = false;
}

function doubt(doubts) {
  $("doubts").querySelector("ul").replaceChildren(...doubts.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  $("doubts").hidden = false;
  $("send").textContent = "Send it nevertheless";
  confirmed = true;
}

function done(sent) {
  sessionStorage.removeItem("fingers");
  const many = sent.pictures === 1 ? "1 picture" : `${sent.pictures} pictures`;
  $("done-title").textContent = sent.new ? `${many} of this visit are handed in` : `This visit is here already: ${many}, none of them new`;
  if (sent.new && sent.pictures === 1) $("done-title").textContent = "1 picture of this visit is handed in";
  $("study").href = `/studies/${encodeURIComponent(sent.study_instance_uid)}`;
  $("desk").hidden = true;
  $("done").hidden = false;
  $("study").focus();
  watch(sent.study_instance_uid);
}

async function watch(uid) {
  let rests = false;
  try {
    const answer = await fetch(`/api/studies/${encodeURIComponent(uid)}`, { cache: "no-store" });
    if (answer.ok) rests = report(await answer.json());
  } catch {
    $("outcome").textContent = "The page does not answer; asking again.";
  }
  if (!$("done").hidden && !rests) setTimeout(watch, 1000, uid);
}

function report(status) {
  $("state").className = `badge ${status.state}`;
  $("state").textContent = STATES[status.state] || status.state;
  const said = { receiving: "The node has them; it begins in a few seconds.", complete: "Waiting to be scored.", scoring: "Being scored.", scored: "Scored; the report is being written.", delivering: "The report is on its way.", delivered: "The report is where it belongs.", held: "Scored; a person must release the report.", not_evaluable: "It could not be scored; the report says why.", no_system: "The pictures are kept, but no system of this node scores them." };
  $("outcome").textContent = said[status.state] || "";
  $("reasons").replaceChildren(...status.reasons.map((reason) => Object.assign(document.createElement("li"), { textContent: reason.system ? `${reason.system}: ${reason.text}` : reason.text })));
  return REST.includes(status.state);
}

function next() {
  for (const card of cards) card.element.remove();
  cards = [];
  choose(null);
  for (const field of ["patient_id", "subject"]) $(field).value = "";
  $("done").hidden = true;
  $("desk").hidden = false;
  tell();
  $("patient_id").focus();
}

// ---- what a person does

function landing(place, taken) {
  const over = (on) => (e) => {
    if (![...(e.dataTransfer?.types || [])].includes("Files")) return;
    e.preventDefault();
    place.classList.toggle("over", on);
  };
  place.addEventListener("dragover", over(true));
  place.addEventListener("dragleave", over(false));
  place.addEventListener("drop", (e) => { over(false)(e); e.stopPropagation(); taken([...e.dataTransfer.files]); });
}

landing($("drop"), take);
for (const kind of ["dragover", "drop"]) addEventListener(kind, (e) => e.preventDefault()); // beside it: not opened in place of the page
$("files").addEventListener("change", (e) => { take([...e.target.files]); e.target.value = ""; });
$("lens").addEventListener("change", () => { $("measured").hidden = $("lens").value !== "measured"; lookAgain(); });
$("um_per_px").addEventListener("change", lookAgain);
for (const field of FIELDS) $(field).addEventListener("input", tell);
$("send").addEventListener("click", send);
$("next").addEventListener("click", next);
restore().catch((error) => complain(error.message));
tell();
