// SPDX-License-Identifier: Apache-2.0

/// The devices whose names have every word of `text` in them, in any case and order; all for a
/// blank text. Pure.
export function filter_by_name(devices, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return devices;
  return devices.filter(({ name }) => {
    const lower = name.toLowerCase();
    return words.every((word) => lower.includes(word));
  });
}
