// The upload page: pictures go up two at a time and are judged as they arrive; fingers are named on the drawn hands;
// then the visit is sent.
import { listenToHands, showOnHands } from "/static/drawn_hands.js";
import { landing } from "/static/landing.js";
import { PictureCard } from "/static/picture_card.js";
import { leaveSent, showSent } from "/static/sent_visit.js";
import { ask, query } from "/static/upload_server.js";

const $ = (id) => document.getElementById(id);
const page = $("upload"), MOST = Number(page.dataset.pictures), MOST_BYTES = Number(page.dataset.bytes);
const AT_A_TIME = 2;
const FIELDS = ["patient_id", "protocol", "site", "subject", "time_point"];
let cards = [], active = null, queue = [], going = 0, confirmed = false;

// ---- what the fields say

function scale() {
  return number($("lens").value === "measured" ? $("um_per_px").value : $("lens").value);
}

function number(text) {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() && value > 0 ? value : null;
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

function pump() {
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
  card.leave();
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
  active.nameFinger(finger);
  remember();
  advance();
  tell();
}

// ---- what is said on the page

function tell() {
  const here = cards.filter((c) => c.counts), n = (state) => here.filter((c) => c.state === state).length;
  const words = [here.length === 1 ? "1 picture" : `${here.length} pictures`];
  if (n("fit")) words.push(`${n("fit")} fit`);
  if (n("again")) words.push(`${n("again")} to be taken again`);
  if (n("waiting") + n("looking")) words.push(`${n("waiting") + n("looking")} on the way`);
  $("tally").textContent = cards.length ? words.join(", ") : "";
  $("question").textContent = active ? `Whose finger is ${active.name}?` : here.length ? "Every picture has its finger" : "Whose finger is it?";
  showOnHands(here, active);
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
    else {
      sessionStorage.removeItem("fingers");
      showSent(said);
    }
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

function next() {
  for (const card of cards) card.leave();
  cards = [];
  choose(null);
  for (const field of ["patient_id", "subject"]) $(field).value = "";
  leaveSent();
  tell();
  $("patient_id").focus();
}

// ---- what a person does

// Somebody looks for pictures: the networks are loaded meanwhile.
const wake = () => ask("reader", { method: "POST" }).catch(() => {});
addEventListener("focus", wake);
addEventListener("dragenter", (e) => { if (!e.relatedTarget) wake(); }); // into the window, not from part to part
$("files").addEventListener("click", wake);
landing($("drop"), take);
listenToHands(nameActive, take);
$("files").addEventListener("change", (e) => { take([...e.target.files]); e.target.value = ""; });
$("lens").addEventListener("change", () => { $("measured").hidden = $("lens").value !== "measured"; lookAgain(); });
$("um_per_px").addEventListener("change", lookAgain);
for (const field of FIELDS) $(field).addEventListener("input", tell);
$("send").addEventListener("click", send);
$("next").addEventListener("click", next);
restore().catch((error) => complain(error.message));
tell();
