// <live-chart signals="1,2" labels="a,b" units="mm/s,°C" limits="4.5,">: one line a signal, live.

import { unpack, Window } from "./frames.js";

const SECONDS = 120;
const HEIGHT_PX = 120;
const RETRY_MS = 2000;
const STILL_MS = 500;
const OTHER_CLOCK_S = 3600;

class LiveChart extends HTMLElement {
  connectedCallback() {
    const list = (name) => (this.getAttribute(name) ?? "").split(",");
    this.signals = list("signals");
    this.labels = list("labels");
    this.units = list("units");
    this.limits = list("limits").map((text) => (text ? Number(text) : null));
    this.window = new Window(this.signals.length, SECONDS);
    this.replaceChildren();
    this.until = Date.now() / 1000;
    this.rows = this.signals.map((_, at) => this.row(at));
    this.open();
    this.resizer = new ResizeObserver(() => this.rows.forEach((row) => row.plot.setSize({ width: this.clientWidth, height: HEIGHT_PX })));
    this.resizer.observe(this);
    this.drawn = false;
    const draw = () => {
      if (!this.isConnected) return;
      if (this.fresh || Date.now() - (this.drawnAt ?? 0) > STILL_MS) this.draw();
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  disconnectedCallback() {
    this.resizer?.disconnect();
    this.socket?.close();
    this.rows?.forEach((row) => row.plot.destroy());
  }

  /** One line with its name and last value. */
  row(at) {
    const style = getComputedStyle(document.documentElement);
    const probe = document.createElement("span");
    this.append(probe);
    const colour = (name) => {
      probe.style.color = `var(${name})`;
      return getComputedStyle(probe).color;
    };
    const [accent, soft, line, bad] = ["--accent", "--soft", "--line", "--bad"].map(colour);
    probe.remove();
    const head = document.createElement("div");
    head.className = "chart-head";
    const name = document.createElement("span");
    name.textContent = this.labels[at].replaceAll("_", " ");
    const value = document.createElement("b");
    head.append(name, value);
    const box = document.createElement("div");
    box.className = "chart-line";
    this.append(head, box);
    const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: `11px ${style.fontFamily}` };
    const clock = new Intl.DateTimeFormat("sv-SE", { timeStyle: "medium", timeZone: this.getAttribute("timezone") || "UTC" });
    const times = { values: (_, splits) => splits.map((t) => clock.format(t * 1000)), size: 26 };
    const limit = this.limits[at];
    const hooks = limit === null ? {} : { draw: [(plot) => this.limitLine(plot, limit, bad)] };
    const options = {
      width: this.clientWidth || 600,
      height: HEIGHT_PX,
      cursor: { y: false },
      legend: { show: false },
      hooks,
      scales: { x: { time: true, range: () => [this.until - SECONDS, this.until] }, y: { range: (_, min, max) => this.span(min, max, limit) } },
      axes: [{ ...axis, ...times, space: 90 }, { ...axis, size: 52 }],
      series: [{}, { stroke: accent, width: 1.6, spanGaps: false, points: { show: false } }],
    };
    return { plot: new uPlot(options, [[], []], box), value, unit: this.units[at] };
  }

  /** The range of values shown: what there is, and the limit, with some air. */
  span(min, max, limit) {
    const low = Math.min(min ?? 0, limit ?? Infinity);
    const high = Math.max(max ?? 1, limit ?? -Infinity);
    const air = (high - low || Math.abs(high) || 1) * 0.08;
    return [low - air, high + air];
  }

  limitLine(plot, limit, colour) {
    const y = plot.valToPos(limit, "y", true);
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.setLineDash([6, 5]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const ids = encodeURIComponent(this.signals.join(","));
    this.socket = new WebSocket(`${scheme}://${location.host}/live/signals?ids=${ids}&back_s=${SECONDS}`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = (message) => {
      this.window.add(unpack(message.data, this.signals.length));
      this.fresh = true;
    };
    this.socket.onclose = () => {
      if (this.isConnected) setTimeout(() => this.isConnected && this.open(), RETRY_MS);
    };
  }

  /** Where the paper ends: now, unless the node lives by another clock (a replay, a simulation). */
  end(last) {
    const now = Date.now() / 1000;
    return Math.abs(now - last) < OTHER_CLOCK_S ? Math.max(now, last) : last;
  }

  /** A device sends what changes: its last value holds until now, unless it ended in a gap. */
  held(t, v) {
    const last = v[v.length - 1];
    if (last === null || this.until <= t[t.length - 1]) return [t, v];
    return [[...t, this.until], [...v, last]];
  }

  draw() {
    this.fresh = false;
    this.drawnAt = Date.now();
    const { t, v } = this.window;
    if (!t.length) return;
    this.until = this.end(t[t.length - 1]);
    this.rows.forEach((row, at) => {
      row.plot.setData(this.held(t, v[at]));
      const last = v[at].findLast((value) => value !== null);
      row.value.textContent = last === undefined ? "–" : `${Number(last.toPrecision(4))} ${row.unit}`;
    });
    this.toggleAttribute("drawn", true);
  }
}

customElements.define("live-chart", LiveChart);
