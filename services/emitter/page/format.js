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

/// 1 reading, 27 readings
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
