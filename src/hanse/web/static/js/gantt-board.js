// <gantt-board>: operations of the server's drawing are dragged; the server says what that does, then does it.

import { wish } from "./gantt-move.js";

const SVG = "http://www.w3.org/2000/svg";
const STEP_H = 1;
const START_PX = 4;

class GanttBoard extends HTMLElement {
  connectedCallback() {
    this.scroll = this.querySelector(".scroll");
    if (!this.hasAttribute("editable")) return;
    this.addEventListener("pointerdown", (event) => this.grab(event));
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("click", (event) => this.dragged && event.preventDefault(), true);
    this.addEventListener("dragstart", (event) => event.preventDefault());
  }

  get board() {
    const number = (name) => Number(this.getAttribute(name));
    return {
      origin: number("origin"),
      pxPerH: number("px-per-h"),
      rowPx: number("row-px"),
      headPx: number("head-px"),
      machines: (this.getAttribute("machines") ?? "").split(","),
    };
  }

  free(target) {
    return target.closest?.("[data-free]");
  }

  bar(link) {
    const box = link.querySelector("svg");
    const number = (name) => Number(box.getAttribute(name));
    return { x: number("x"), y: number("y"), width: number("width") };
  }

  grab(event) {
    const link = this.free(event.target);
    if (!link || event.button !== 0) return;
    const from = { x: event.clientX, y: event.clientY };
    const bar = this.bar(link);
    this.dragged = false;
    const move = (now) => {
      const by = { x: now.clientX - from.x, y: now.clientY - from.y };
      if (!this.dragged && Math.hypot(by.x, by.y) < START_PX) return;
      this.dragged = true;
      this.last = wish(bar, by, this.board);
      this.ghost(this.last, bar.width);
    };
    const drop = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", drop);
      removeEventListener("pointercancel", stop);
      if (this.dragged) this.send(link, this.last);
      setTimeout(() => { this.dragged = false; });
    };
    const stop = () => {
      this.clear();
      this.dragged = false;
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", drop);
      removeEventListener("pointercancel", stop);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", drop);
    addEventListener("pointercancel", stop);
    this.stop = stop;
  }

  /** M begins a move by arrow keys, Enter puts it there, Escape gives up. */
  key(event) {
    const link = this.free(event.target);
    if (!link) return;
    if (event.key === "m" || event.key === "M") this.keyed = { x: 0, y: 0 };
    if (event.key === "Escape") {
      this.stop?.();
      this.keyed = null;
      this.clear();
    }
    if (!this.keyed) return;
    const { pxPerH, rowPx } = this.board;
    const steps = { ArrowLeft: [-STEP_H * pxPerH, 0], ArrowRight: [STEP_H * pxPerH, 0], ArrowUp: [0, -rowPx], ArrowDown: [0, rowPx] };
    const step = steps[event.key];
    if (step) {
      this.keyed = { x: this.keyed.x + step[0], y: this.keyed.y + step[1] };
    } else if (event.key === "Enter") {
      this.send(link, wish(this.bar(link), this.keyed, this.board));
      this.keyed = null;
      event.preventDefault();
      return;
    }
    const bar = this.bar(link);
    this.ghost(wish(bar, this.keyed, this.board), bar.width);
    event.preventDefault();
  }

  ghost(to, width) {
    const { rowPx, headPx } = this.board;
    if (!this.shade) {
      this.shade = document.createElementNS(SVG, "rect");
      this.shade.setAttribute("class", "ghost");
      this.shade.setAttribute("height", "30");
      this.shade.setAttribute("rx", "4");
      this.querySelector(".gantt-svg").append(this.shade);
    }
    this.shade.setAttribute("x", String(to.x));
    this.shade.setAttribute("y", String(headPx + to.row * rowPx + (rowPx - 30) / 2));
    this.shade.setAttribute("width", String(width));
  }

  clear() {
    this.shade?.remove();
    this.shade = null;
  }

  /** Ask what a move would do; the answer has the button that does it. */
  async send(link, to) {
    const body = new URLSearchParams({ work: link.dataset.work, machine: to.machine, start: to.start.toISOString(), hours: this.getAttribute("hours"), look: this.getAttribute("look") ?? "" });
    const answer = await fetch("/plan/move/try", { method: "POST", body, headers: { "hx-request": "true" } });
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#trial");
    if (!part) return this.clear();
    const shown = document.adoptNode(part);
    document.querySelector("#trial").replaceWith(shown);
    shown.querySelector("a.button")?.addEventListener("click", (event) => this.leave(event, link));
    (shown.querySelector("button") ?? shown).focus();
    shown.scrollIntoView({ block: "nearest" });
  }

  /** The plan stays as it is. */
  leave(event, link) {
    event.preventDefault();
    const empty = document.createElement("div");
    empty.id = "trial";
    document.querySelector("#trial").replaceWith(empty);
    this.clear();
    link.focus();
  }
}

customElements.define("gantt-board", GanttBoard);
