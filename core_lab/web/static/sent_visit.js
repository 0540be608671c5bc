// What becomes of a visit that was sent: shown in place of the desk, and asked for until it rests.
const $ = (id) => document.getElementById(id);
const STATES = JSON.parse($("upload").dataset.states);
const REST = ["held", "delivered", "not_evaluable", "no_system", "failed"];
const OUTCOMES = {
  receiving: "The node has them; it begins in a few seconds.",
  complete: "Waiting to be scored.",
  scoring: "Being scored.",
  scored: "Scored; the report is being written.",
  delivering: "The report is on its way.",
  delivered: "The report is where it belongs.",
  held: "Scored; a person must release the report.",
  not_evaluable: "It could not be scored; the report says why.",
  no_system: "The pictures are kept, but no system of this node scores them.",
};
let watched = null; // the study that is asked for

export function showSent(sent) {
  watched = sent.study_instance_uid;
  $("done-title").textContent = title(sent);
  $("study").href = `/studies/${encodeURIComponent(watched)}`;
  $("desk").hidden = true;
  $("done").hidden = false;
  $("study").focus();
  watch(watched);
}

export function leaveSent() {
  watched = null;
  $("done").hidden = true;
  $("desk").hidden = false;
}

function title(sent) {
  const pictures = sent.pictures === 1 ? "1 picture" : `${sent.pictures} pictures`;
  if (!sent.new) return `This visit is here already: ${pictures}, none of them new`;
  return `${pictures} of this visit ${sent.pictures === 1 ? "is" : "are"} handed in`;
}

async function watch(uid) {
  let rests = false;
  try {
    const answer = await fetch(`/api/studies/${encodeURIComponent(uid)}`, { cache: "no-store" });
    if (answer.ok && uid === watched) rests = report(await answer.json());
  } catch {
    $("outcome").textContent = "The page does not answer; asking again.";
  }
  if (uid === watched && !rests) setTimeout(watch, 1000, uid);
}

function report(status) {
  $("state").className = `badge ${status.state}`;
  $("state").textContent = STATES[status.state] || status.state;
  $("outcome").textContent = OUTCOMES[status.state] || "";
  const words = (reason) => (reason.system ? `${reason.system}: ${reason.text}` : reason.text);
  // that systems for other images passed it over is news only where none took it
  const told = status.reasons.filter((reason) => reason.code !== "no_system" || status.state === "no_system");
  $("reasons").replaceChildren(...told.map((reason) => Object.assign(document.createElement("li"), { textContent: words(reason) })));
  return REST.includes(status.state);
}
