// SPDX-License-Identifier: Apache-2.0

/// CSV after RFC 4180: lines end in CR LF, and cells are quoted where they must be. Pure.

/// The closed windows of `devices` that start in [from, to], in seconds. What is not known is an
/// empty cell; times are ISO 8601 in UTC.
export function csv_of(devices, [from, to]) {
  const rows = devices.flatMap(({ name, closed }) =>
    closed
      .filter(({ start_ms }) => start_ms >= from * 1000 && start_ms <= to * 1000)
      .map(({ start_ms, end_ms, mean, count }) => [
        text_cell(name),
        new Date(start_ms).toISOString(),
        new Date(end_ms).toISOString(),
        Number.isFinite(mean) ? mean : "",
        count ?? "",
      ]),
  );
  const lines = [["device", "start", "end", "mean", "count"], ...rows];
  return lines.map((cells) => `${cells.join(",")}\r\n`).join("");
}

/// Names are foreign: a spreadsheet would take one that begins like a formula for one, so it gets a
/// ' before it.
function text_cell(text) {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
