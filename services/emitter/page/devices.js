// SPDX-License-Identifier: Apache-2.0

import { arrange, clone, role, set_text } from "./dom.js";
import { counted, number, span, time } from "./format.js";
import { filter_by_name } from "./filter.js";
import { card_of } from "./state.js";
import { is_above } from "./threshold.js";

/// From here on a card is one line, so that a hundred devices still fit.
const roomy_devices_max = 12;

/// One card per device: its running mean, how far its window is, its last closed window, and a
/// checkbox that shows or hides its line. The cards are the chart's legend, too.
export class Devices {
  hidden = new Set(); // names whose lines are switched off
  summary = ""; // how many are shown of how many
  #cards = new Map(); // name -> element

  /// `on_change()` is called when lines were switched, `on_focus(name | null)` when one is pointed
  /// at.
  constructor(root, { on_change, on_focus }) {
    this.section = role(root, "devices-section");
    this.list = role(root, "devices");
    this.toggle_all = role(root, "toggle-all");
    this.on_change = on_change;
    this.toggle_all.addEventListener("click", () => this.#switch_all());
    this.list.addEventListener("change", ({ target }) => this.#switch(target));
    for (const event of ["mouseover", "focusin"]) {
      this.list.addEventListener(event, ({ target }) =>
        on_focus(target.closest("[data-device]")?.dataset.device ?? null),
      );
    }
    for (const event of ["mouseleave", "focusout"]) {
      this.list.addEventListener(event, () => on_focus(null));
    }
  }

  /// Shows those of `devices` whose names match `search`, in the order given. Returns the names
  /// that were not there before, matching or not.
  render(devices, search, threshold, cluster_ms, has_more) {
    const appeared = devices.filter((device) => !this.#cards.has(device.name));
    for (const device of appeared) this.#cards.set(device.name, this.#card(device));
    if (this.#cards.size > devices.length) this.#forget(devices);
    const found = filter_by_name(devices, search);
    arrange(
      this.list,
      found.map((device) => this.#cards.get(device.name)),
    );
    for (const device of found) {
      const card = this.#cards.get(device.name);
      fill(card, device, cluster_ms);
      warn(card, is_above(device, threshold), threshold);
    }

    this.section.hidden = devices.length === 0;
    this.list.toggleAttribute("data-crowded", devices.length > roomy_devices_max);
    this.toggle_all.hidden = devices.length < 2;
    set_text(this.toggle_all, this.hidden.size ? "Show all lines" : "Hide all lines");
    const more = has_more ? ", more are sending than this page shows" : "";
    this.summary = `${found.length} of ${counted(devices.length, "device")}`;
    set_text(role(this.section, "device-count"), this.summary + more);
    role(this.section, "search-empty").hidden = found.length > 0;
    return appeared.map((device) => device.name);
  }

  #card({ name, colour }) {
    const card = clone("device");
    card.dataset.device = name;
    card.dataset.colour = colour;
    const label = role(card, "name");
    label.textContent = name;
    label.title = name;
    role(card, "progress").setAttribute("aria-label", `Window of ${name}, time passed`);
    return card;
  }

  #forget(devices) {
    const kept = new Set(devices.map((device) => device.name));
    for (const name of this.#cards.keys()) {
      if (kept.has(name)) continue;
      this.#cards.delete(name);
      this.hidden.delete(name);
    }
  }

  #switch(checkbox) {
    const { device } = checkbox.closest("[data-device]").dataset;
    if (checkbox.checked) this.hidden.delete(device);
    else this.hidden.add(device);
    this.on_change();
  }

  #switch_all() {
    const show = this.hidden.size > 0;
    for (const [name, card] of this.#cards) {
      role(card, "shown").checked = show;
      if (show) this.hidden.delete(name);
      else this.hidden.add(name);
    }
    this.on_change();
  }
}

function fill(card, device, cluster_ms) {
  const { open, last, length_s, passed_s } = card_of(device, cluster_ms);
  card.toggleAttribute("data-quiet", !open);
  set_text(role(card, "partial"), number(open?.mean));
  const progress = role(card, "progress");
  progress.max = length_s || 1;
  progress.value = passed_s;
  set_text(role(card, "progress-text"), progress_text(device, open, length_s, passed_s));
  const mean = role(card, "mean");
  set_text(mean, number(last?.mean));
  mean.title = last ? span(last.start_ms, last.end_ms) : "";
  const { count, disordered } = device.readings;
  const disorder = role(card, "disorder");
  disorder.hidden = count === 0;
  set_text(disorder, `Out of order ${disordered} of ${count}`);
}

function warn(card, is_alert, threshold) {
  card.toggleAttribute("data-above", is_alert);
  const above = role(card, "above");
  above.hidden = !is_alert;
  set_text(above, is_alert ? `Above ${threshold}` : "");
}

function progress_text(device, open, length_s, passed_s) {
  if (!open) return `quiet since ${time(device.seen_ms)}`;
  const readings = open.count === null ? "" : `, ${counted(open.count, "reading")}`;
  return `${Math.floor(passed_s)} of ${length_s} s${readings}`;
}
