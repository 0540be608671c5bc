// The study's page: connects thumbnails, tools, keys and the grade sheet with the viewer.
import { Viewer } from "/static/viewer.js";

let viewer = null, thumbs = [], at = 0;
const $ = (id) => document.getElementById(id);

function begin() {
  const canvas = $("viewer");
  if (!canvas || canvas.dataset.begun) return;
  canvas.dataset.begun = "yes";
  viewer = new Viewer(canvas, {
    loading: (text) => { $("loading").textContent = text; },
    hover: (mark) => { $("said").textContent = mark ? `${mark.label}: ${mark.words}` : ""; point(mark ? mark.key : null); },
  });
  thumbs = [...document.querySelectorAll(".thumb")];
  thumbs.forEach((thumb, n) => thumb.addEventListener("click", () => open(n)));
  document.querySelectorAll("[data-mark]").forEach((cell) => cell.addEventListener("click", () => show(cell.dataset.mark)));
  $("tools").hidden = false;
  $("heat").addEventListener("input", () => { viewer.heatOpacity = $("heat").value / 100; viewer.draw(); });
  const press = { "mode-window": "w", "mode-pan": "p", "zoom-in": "+", "zoom-out": "-", auto: "a", reset: "r", invert: "i", boxes: "b" };
  for (const [id, key] of Object.entries(press)) $(id).addEventListener("click", () => act(key));
  open(0).then(() => location.hash.length > 1 && show(decodeURIComponent(location.hash.slice(1))));
}

function open(n) {
  at = (n + thumbs.length) % thumbs.length;
  const { source, content, marks, heatmap, about } = thumbs[at].dataset;
  thumbs.forEach((thumb, m) => thumb.setAttribute("aria-current", String(m === at)));
  $("about").textContent = about ? `Heatmap: ${about}.` : "";
  $("heat").disabled = !heatmap;
  return viewer.open({ source, content, heatmap, marks: JSON.parse(marks) });
}

function show(key) {
  if (viewer.focusOn(key)) return $("viewer").scrollIntoView({ block: "nearest", behavior: "smooth" });
  const other = thumbs.findIndex((thumb) => JSON.parse(thumb.dataset.marks).some((mark) => mark.key === key));
  if (other >= 0) open(other).then(() => viewer.focusOn(key));
}

function point(key) {
  document.querySelectorAll("[data-mark].here").forEach((cell) => cell.classList.remove("here"));
  if (key) document.querySelectorAll(`[data-mark="${CSS.escape(key)}"]`).forEach((cell) => cell.classList.add("here"));
}

function heat(step) {
  $("heat").value = step === null ? (Number($("heat").value) ? 0 : 100) : Number($("heat").value) + step;
  viewer.heatOpacity = $("heat").value / 100;
  viewer.draw();
}

function mode(name) {
  viewer.mode = name;
  $("viewer").classList.toggle("pan", name === "pan");
  $("mode-window").setAttribute("aria-pressed", String(name === "window"));
  $("mode-pan").setAttribute("aria-pressed", String(name === "pan"));
}

const ACTS = {
  w: () => mode("window"),
  p: () => mode("pan"),
  "+": () => viewer.zoom(1.25),
  "=": () => viewer.zoom(1.25),
  "-": () => viewer.zoom(0.8),
  a: () => viewer.autoWindow(),
  r: () => viewer.reset(),
  0: () => viewer.reset(),
  i: () => { viewer.invert(); $("invert").setAttribute("aria-pressed", String(viewer.inverted)); },
  b: () => { viewer.boxes = !viewer.boxes; $("boxes").setAttribute("aria-pressed", String(viewer.boxes)); viewer.draw(); },
  h: () => heat(null),
  "[": () => heat(-10),
  "]": () => heat(10),
  n: () => open(at + 1),
  ArrowLeft: () => viewer.pan(60, 0),
  ArrowRight: () => viewer.pan(-60, 0),
  ArrowUp: () => viewer.pan(0, 60),
  ArrowDown: () => viewer.pan(0, -60),
};

function act(key) {
  if (viewer && viewer.frame && ACTS[key]) ACTS[key]();
}

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches("input, summary")) return;
  const onImage = document.activeElement === $("viewer");
  if (e.key.startsWith("Arrow") && !onImage) return; // arrows scroll the page unless the image has the focus
  if (e.key in ACTS) { e.preventDefault(); act(e.key); }
});
document.addEventListener("refreshed", begin);
begin();
