// SPDX-License-Identifier: Apache-2.0

import { role } from "./dom.js";

const kept_ms = 60_000; // a download that asks where to go still needs its URL

/// The button that downloads what `make_csv()` returns.
export class Export {
  constructor(root, make_csv) {
    role(root, "export").addEventListener("click", () => download(make_csv()));
  }
}

function download(csv) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv;charset=utf-8" }));
  link.download = `windows-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}Z.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), kept_ms);
}
