// SPDX-License-Identifier: Apache-2.0

/// Numbers and times as the page writes them. Times are in the reader's zone with a 24-hour clock.

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", hourCycle: "h23" });
const minute_clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/// Three decimals, as in the data; a dash where there is no number.
export const number = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");

/// 15:29:15
export const time = (ms) => clock.format(ms);

/// 15:29
export const minute = (ms) => minute_clock.format(ms);

/// 15:29:15 – 15:29:30
export const span = (start_ms, end_ms) => `${time(start_ms)} – ${time(end_ms)}`;

/// 7 Oct 2024
export const date = (ms) => day.format(ms);

/// Europe/Berlin (UTC+02:00)
export function zone(ms) {
  const { timeZone } = clock.resolvedOptions();
  const name = new Intl.DateTimeFormat("en-GB", { timeZone, timeZoneName: "longOffset" });
  const offset = name.formatToParts(ms).find((part) => part.type === "timeZoneName").value;
  return timeZone === "UTC" ? "UTC" : `${timeZone} (${offset.replace("GMT", "UTC")})`;
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
  ["ms", 1],
];

/// 7 ms, 1.25 s, 4 min, −2 d; a dash where there is no number.
export function duration(ms) {
  if (!Number.isFinite(ms)) return "–";
  const size = Math.round(Math.abs(ms));
  const [unit, unit_ms] = units.find(([, unit_ms]) => size >= unit_ms) ?? units.at(-1);
  const count = size / unit_ms;
  const digits = unit === "ms" || count >= 100 ? 0 : count >= 10 ? 1 : 2;
  return `${ms < 0 && count > 0 ? "−" : ""}${Number(count.toFixed(digits))} ${unit}`;
}

/// 1 reading, 27 readings
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/// The labels of a time axis whose ticks are `step_s` apart.
export const time_ticks = (splits, step_s) =>
  splits.map((seconds) => (step_s < 60 ? time : minute)(seconds * 1000));
