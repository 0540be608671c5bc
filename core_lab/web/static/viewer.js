// A small viewer for one image: 16-bit grey values, window by drag, zoom at the pointer, pan, heatmap and site boxes.
// Points are those of the source image: (x, y), 0-based, pixel centres.
const PREVIEW_SIDE = 1024;
const COLOURS = ["#7ac4ec", "#f7e25c", "#f6a628", "#f06028", "#b0b0b0", "#d8e7f6"]; // no damage, mild, moderate, severe, not scored, fault of the picture

export class Viewer {
  constructor(canvas, told) {
    this.canvas = canvas;
    this.told = told; // {loading(text), hover(mark or null)}
    this.pen = canvas.getContext("2d");
    this.mode = "window";
    this.inverted = false;
    this.boxes = true;
    this.heatOpacity = 1; // of the layer, which is translucent itself
    this.marks = [];
    this.chosen = this.under = null;
    this.pointers = new Map();
    this.listen();
    new ResizeObserver(() => this.fit()).observe(canvas);
  }

  async open({ source, content, marks, heatmap }) {
    const run = (this.run = (this.run || 0) + 1);
    this.marks = marks;
    this.wantsHeat = Boolean(heatmap);
    this.frame = this.heat = this.chosen = this.under = null;
    this.window = { low: 0, high: 65535 };
    this.told.hover(null);
    this.told.loading("Loading…");
    this.draw();
    const values = (side) => read(`${source}/values?content=${content}&side=${side}`);
    try {
      const preview = await values(PREVIEW_SIDE);
      if (run !== this.run) return;
      this.preview = preview;
      this.show(preview);
      this.told.loading("");
      if (heatmap) await this.layer(`${source}/heatmap.png?result=${heatmap}`, run);
      const full = Math.max(preview.rows, preview.columns) < PREVIEW_SIDE ? preview : await values(8192);
      if (run === this.run) this.show(full, true);
    } catch (error) {
      if (run === this.run && !this.frame) this.told.loading(error.message);
    }
  }

  async layer(address, run) {
    const answer = await fetch(address);
    if (!answer.ok) return;
    const heat = await createImageBitmap(await answer.blob());
    if (run === this.run) this.heat = heat;
    this.draw();
  }

  show(frame, keep = false) {
    const before = this.frame;
    this.frame = frame;
    if (keep) {
      // The full image replaces its preview: what is looked at stays where it is.
      this.scale *= before.columns / frame.columns;
      this.full = frame;
    } else {
      this.full = null;
      this.reset();
    }
    this.paint(frame);
    this.draw();
  }

  reset() {
    this.window = { low: 0, high: 65535 };
    this.fit(true);
    if (this.frame) this.paint(this.frame);
    this.draw();
  }

  fit(whole = false) {
    const ratio = devicePixelRatio || 1, box = this.canvas.getBoundingClientRect();
    const [width, height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
    if (!width || !height) return;
    const grown = this.canvas.width ? width / this.canvas.width : 1;
    this.canvas.width = width;
    this.canvas.height = height;
    if (this.frame && (whole || !this.moved)) {
      const { rows, columns } = this.frame;
      this.scale = Math.min(width / columns, height / rows) * 0.98;
      this.left = (width - columns * this.scale) / 2;
      this.top = (height - rows * this.scale) / 2;
      this.moved = false;
    } else if (this.frame) {
      this.left *= grown;
    }
    this.drawNow(); // at once: a new size clears the canvas, which must not be seen
  }

  zoom(factor, x = this.canvas.width / 2, y = this.canvas.height / 2) {
    if (!this.frame) return;
    const least = Math.min(this.canvas.width / this.frame.columns, this.canvas.height / this.frame.rows) * 0.5;
    const scale = Math.min(Math.max(this.scale * factor, least), Math.max(least * 80, 16));
    this.left = x - ((x - this.left) * scale) / this.scale;
    this.top = y - ((y - this.top) * scale) / this.scale;
    this.scale = scale;
    this.moved = true;
    this.draw();
  }

  pan(x, y) {
    this.left += x;
    this.top += y;
    this.moved = true;
    this.draw();
  }

  changeWindow(x, y) {
    // Right: wider; down: darker, as on a workstation.
    const width = Math.max(256, (this.window.high - this.window.low) * Math.exp(x / 250));
    const middle = (this.window.low + this.window.high) / 2 + (y * 65535) / 600;
    this.window = { low: middle - width / 2, high: middle + width / 2 };
    const frame = this.preview && this.frame.values.length > 2e6 ? this.preview : this.frame;
    this.paint(frame);
    this.draw();
    clearTimeout(this.sharp);
    if (frame !== this.frame) this.sharp = setTimeout(() => { this.paint(this.frame); this.draw(); }, 120);
  }

  autoWindow() {
    // The middle 99 % of the values that are not plain black: collimated borders do not count.
    const counts = new Uint32Array(65536);
    for (const value of this.preview.values) counts[value]++;
    counts[0] = 0;
    const all = counts.reduce((sum, n) => sum + n, 0);
    const reached = (share) => { let v = 0; for (let sum = 0; v < 65535 && (sum += counts[v]) < share * all; v++); return v; };
    const low = reached(0.005);
    this.window = { low, high: Math.max(reached(0.995), low + 256) };
    this.paint(this.frame);
    this.draw();
  }

  invert() {
    this.inverted = !this.inverted;
    if (this.frame) this.paint(this.frame);
    this.draw();
  }

  focusOn(key) {
    const mark = this.marks.find((m) => m.key === key);
    this.chosen = mark || null;
    if (mark && this.frame) {
      const [x0, y0, x1, y1] = this.boxOf(mark);
      const span = Math.max(x1 - x0, y1 - y0) / this.scale;
      this.scale = Math.min(this.canvas.width, this.canvas.height) / (span * 3.2);
      const [x, y] = centre(mark.box), step = this.frame.columns / this.frame.source.columns;
      this.left = this.canvas.width / 2 - (x + 0.5) * step * this.scale;
      this.top = this.canvas.height / 2 - (y + 0.5) * step * this.scale;
      this.moved = true;
      this.told.hover(mark);
    }
    this.draw();
    return Boolean(mark);
  }

  paint(frame) {
    const { values, rows, columns, samples } = frame;
    const grey = this.table(), picture = new ImageData(columns, rows), pixels = new Uint32Array(picture.data.buffer);
    if (samples === 1) {
      const words = new Uint32Array(65536);
      for (let v = 0; v < 65536; v++) words[v] = 0xff000000 | (grey[v] << 16) | (grey[v] << 8) | grey[v];
      for (let n = 0; n < pixels.length; n++) pixels[n] = words[values[n]];
    } else {
      for (let n = 0, at = 0; n < pixels.length; n++, at += samples)
        pixels[n] = 0xff000000 | (grey[values[at + 2]] << 16) | (grey[values[at + 1]] << 8) | grey[values[at]];
    }
    frame.sheet ??= new OffscreenCanvas(columns, rows);
    frame.sheet.getContext("2d").putImageData(picture, 0, 0);
    this.painted = frame;
  }

  table() {
    const grey = new Uint8Array(65536), { low, high } = this.window, step = 255 / (high - low);
    for (let v = 0; v < 65536; v++) {
      const g = Math.min(255, Math.max(0, Math.round((v - low) * step)));
      grey[v] = this.inverted ? 255 - g : g;
    }
    return grey;
  }

  draw() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    const { pen, canvas } = this;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    if (!this.frame || !this.frame.sheet) return;
    const [width, height] = [this.frame.columns * this.scale, this.frame.rows * this.scale];
    pen.imageSmoothingEnabled = this.scale < 3;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(this.painted.sheet, this.left, this.top, width, height);
    if (this.heat && this.heatOpacity > 0) {
      pen.imageSmoothingEnabled = true;
      pen.globalAlpha = this.heatOpacity;
      pen.drawImage(this.heat, this.left, this.top, width, height);
      pen.globalAlpha = 1;
    }
    if (this.boxes) this.marks.forEach((mark) => this.drawMark(mark));
    this.canvas.dataset.drawn = this.full && (this.heat || !this.wantsHeat) ? "full" : "preview";
  }

  drawMark(mark) {
    const { pen } = this, [x0, y0, x1, y1] = this.boxOf(mark), ratio = devicePixelRatio || 1;
    const strong = mark === this.chosen || mark === this.under;
    const thick = ratio * (strong ? 2.5 : 1.25), size = (x1 - x0) / ratio, damaged = mark.level > 0 && mark.level < 4;
    pen.strokeStyle = "rgb(0 0 0 / .55)"; // seen on bright bone too
    pen.lineWidth = thick + 2 * ratio;
    pen.strokeRect(x0, y0, x1 - x0, y1 - y0);
    pen.strokeStyle = COLOURS[mark.level];
    pen.lineWidth = thick;
    pen.setLineDash(mark.level === 4 ? [4 * ratio, 4 * ratio] : []);
    pen.strokeRect(x0, y0, x1 - x0, y1 - y0);
    pen.setLineDash([]);
    if (strong || size > 60 || (damaged && size > 26)) {
      pen.font = `${(strong ? 13 : 12) * ratio}px system-ui, "DejaVu Sans", sans-serif`;
      pen.textBaseline = "bottom";
      pen.lineJoin = "round";
      pen.lineWidth = 3 * ratio;
      pen.strokeStyle = "#000";
      const words = strong ? `${mark.label}  ${mark.grades}` : mark.grades;
      pen.strokeText(words, x0 + 1, y0 - 2 * ratio);
      pen.fillStyle = COLOURS[mark.level];
      pen.fillText(words, x0 + 1, y0 - 2 * ratio);
    }
  }

  boxOf(mark) {
    const step = (this.frame.columns / this.frame.source.columns) * this.scale;
    return mark.box.map((v, n) => (n % 2 ? this.top : this.left) + (v + 0.5) * step);
  }

  markAt(x, y) {
    if (!this.frame || !this.boxes) return null;
    const hit = this.marks.filter((mark) => {
      const [x0, y0, x1, y1] = this.boxOf(mark);
      return x >= x0 && x <= x1 && y >= y0 && y <= y1;
    });
    const far = (mark) => { const [x0, y0, x1, y1] = this.boxOf(mark); return Math.hypot((x0 + x1) / 2 - x, (y0 + y1) / 2 - y); };
    return hit.sort((a, b) => far(a) - far(b))[0] || null;
  }

  listen() {
    const { canvas, pointers } = this;
    const at = (e) => { const r = devicePixelRatio || 1; return [e.offsetX * r, e.offsetY * r]; };
    canvas.addEventListener("pointerdown", (e) => {
      canvas.setPointerCapture(e.pointerId);
      pointers.set(e.pointerId, at(e));
    });
    const up = (e) => pointers.delete(e.pointerId);
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("pointermove", (e) => {
      const [x, y] = at(e), before = pointers.get(e.pointerId);
      if (!before) return this.hover(this.markAt(x, y));
      pointers.set(e.pointerId, [x, y]);
      if (!this.frame) return;
      const other = [...pointers.entries()].find(([id]) => id !== e.pointerId)?.[1];
      if (other) {
        this.zoom(Math.hypot(x - other[0], y - other[1]) / Math.hypot(before[0] - other[0], before[1] - other[1]), ...other);
      } else if (this.mode === "pan" || e.shiftKey || e.buttons & 6) this.pan(x - before[0], y - before[1]);
      else this.changeWindow(x - before[0], y - before[1]);
    });
    canvas.addEventListener("wheel", (e) => { e.preventDefault(); this.zoom(Math.exp(-e.deltaY / 400), ...at(e)); }, { passive: false });
    canvas.addEventListener("dblclick", () => this.reset());
    canvas.addEventListener("contextmenu", (e) => e.preventDefault());
  }

  hover(mark) {
    if (mark === this.under) return;
    this.under = mark;
    this.told.hover(mark || this.chosen);
    this.draw();
  }
}

async function read(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("This image cannot be shown: its pixels cannot be decoded.");
  const [rows, columns, samples] = ["Rows", "Columns", "Samples"].map((name) => Number(answer.headers.get(`X-${name}`)));
  const source = { rows: Number(answer.headers.get("X-Source-Rows")), columns: Number(answer.headers.get("X-Source-Columns")) };
  return { rows, columns, samples, source, values: new Uint16Array(await answer.arrayBuffer()) };
}

const centre = ([x0, y0, x1, y1]) => [(x0 + x1) / 2, (y0 + y1) / 2];
