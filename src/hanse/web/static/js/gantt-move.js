// From pixels to a wish: pure, so that it is tested without a browser.

const SNAP_MIN = 15;

/**
 * Where a dragged operation would go.
 * @param {{x: number, y: number}} bar upper left corner of the bar, in pixels of the drawing
 * @param {{x: number, y: number}} by how far it was dragged
 * @param {{origin: number, pxPerH: number, rowPx: number, headPx: number, machines: string[]}} board
 *   origin in seconds since 1970
 * @returns {{machine: string, start: Date, x: number, row: number}}
 */
export function wish(bar, by, board) {
  const minutes = ((bar.x + by.x) / board.pxPerH) * 60;
  const snapped = Math.max(0, Math.round(minutes / SNAP_MIN) * SNAP_MIN);
  const rows = Math.round((bar.y - board.headPx) / board.rowPx + by.y / board.rowPx - 0.17);
  const row = Math.min(board.machines.length - 1, Math.max(0, rows));
  return {
    machine: board.machines[row],
    start: new Date((board.origin + snapped * 60) * 1000),
    x: (snapped / 60) * board.pxPerH,
    row,
  };
}
