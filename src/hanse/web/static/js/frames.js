// Binary frames of live lines: u32 count, u32 0, f64 t[count], f32 v[signal][count].

/**
 * Read one frame without copying.
 * @param {ArrayBuffer} buffer the message
 * @param {number} signals how many columns it holds
 * @returns {{t: Float64Array, v: Float32Array[]}}
 */
export function unpack(buffer, signals) {
  const count = new DataView(buffer).getUint32(0, true);
  const t = new Float64Array(buffer, 8, count);
  const v = [];
  for (let at = 0; at < signals; at++) v.push(new Float32Array(buffer, 8 + 8 * count + 4 * count * at, count));
  return { t, v };
}

/** A window of samples that forgets what is older than `seconds`. */
export class Window {
  /**
   * @param {number} signals how many columns
   * @param {number} seconds how long it remembers
   * @param {number} pointsMax how many samples at most
   */
  constructor(signals, seconds, pointsMax = 20000) {
    this.seconds = seconds;
    this.pointsMax = pointsMax;
    this.t = /** @type {number[]} */ ([]);
    this.v = Array.from({ length: signals }, () => /** @type {(number|null)[]} */ ([]));
  }

  /** Take a frame in; samples that are not newer than the last one are dropped. */
  add(/** @type {{t: Float64Array, v: Float32Array[]}} */ frame) {
    const last = this.t.length ? this.t[this.t.length - 1] : -Infinity;
    for (let row = 0; row < frame.t.length; row++) {
      if (frame.t[row] <= last) continue;
      this.t.push(frame.t[row]);
      this.v.forEach((column, at) => column.push(Number.isNaN(frame.v[at][row]) ? null : frame.v[at][row]));
    }
    this.forget();
  }

  /** Drop what is too old or too much. */
  forget() {
    const from = this.t.length ? this.t[this.t.length - 1] - this.seconds : 0;
    let drop = Math.max(0, this.t.length - this.pointsMax);
    while (drop < this.t.length && this.t[drop] < from) drop++;
    if (drop > this.t.length / 8 || this.t.length > this.pointsMax) {
      this.t.splice(0, drop);
      this.v.forEach((column) => column.splice(0, drop));
    }
  }
}
