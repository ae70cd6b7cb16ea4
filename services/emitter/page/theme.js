// SPDX-License-Identifier: Apache-2.0

import { colour_count } from "./state.js";

/// What page.css says, light or dark as it is now, for what is drawn on a canvas.
export function read_theme() {
  const css = getComputedStyle(document.documentElement);
  const value = (name) => css.getPropertyValue(name).trim();
  const font = value("--font");
  return {
    font,
    background: value("--card"),
    alert: value("--bad"),
    palette: Array.from({ length: colour_count }, (_, at) => value(`--line-${at}`)),
    /// What all axes share.
    axis: {
      stroke: value("--muted"),
      grid: { stroke: value("--grid"), width: 1 },
      ticks: { show: false },
      font: `12px ${font}`,
    },
  };
}
