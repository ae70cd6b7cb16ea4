// SPDX-License-Identifier: Apache-2.0

/// Draws readings by the hundred thousand: a canvas beside uPlot's own, where each dot has its cell
/// and no cell is painted twice, so that a picture costs no more than there is room for in it.

const cell_px = 2;
const dot_size = 1.5; // in cells

/// Cells that have a dot already.
export class Grid {
  constructor(columns, rows) {
    this.columns = Math.max(1, Math.floor(columns));
    this.rows = Math.max(1, Math.floor(rows));
    this.taken = new Uint8Array(this.columns * this.rows);
  }

  /// Calls `paint(column, row)` for each free cell in which one of `length` points is, and takes
  /// it. x(i) and y(i) are parts of width and height, from the top left. What is left or right of
  /// the picture is not in it; what is above or below is at its edge. Returns how many there were.
  fill(length, x, y, paint) {
    let painted = 0;
    for (let i = 0; i < length; ++i) {
      const column = Math.floor(x(i) * this.columns);
      if (!(column >= 0 && column < this.columns)) continue;
      const height = y(i) * this.rows;
      if (Number.isNaN(height)) continue;
      const row = Math.min(Math.max(Math.floor(height), 0), this.rows - 1);
      const cell = row * this.columns + column;
      if (this.taken[cell]) continue;
      this.taken[cell] = 1;
      paint(column, row);
      ++painted;
    }
    return painted;
  }
}

/// The dots of one plot.
export class Dots {
  #canvas = document.createElement("canvas");

  constructor() {
    this.#canvas.className = "dots";
  }

  /// Lies under or above everything that `plot` draws, from now on.
  attach(plot, place) {
    plot.ctx.canvas[place === "under" ? "before" : "after"](this.#canvas);
  }

  /// Draws anew; `groups` are {length, x, y, colour, alpha, size} with x and y as Grid has them and
  /// the size of a dot in cells. The first have the cells. Returns how many dots there are.
  draw({ ctx, bbox }, groups) {
    const { width, height } = ctx.canvas;
    Object.assign(this.#canvas, { width, height }); // and so clears it
    const brush = this.#canvas.getContext("2d");
    const cell = cell_px * devicePixelRatio;
    const grid = new Grid(bbox.width / cell, bbox.height / cell);
    let painted = 0;
    for (const { length, x, y, colour, alpha = 1, size = dot_size } of groups) {
      brush.fillStyle = colour;
      brush.globalAlpha = alpha;
      const edge = size * cell;
      const left = bbox.left + (cell - edge) / 2;
      const top = bbox.top + (cell - edge) / 2;
      painted += grid.fill(length, x, y, (column, row) => {
        brush.fillRect(left + column * cell, top + row * cell, edge, edge);
      });
    }
    return painted;
  }
}
