// SPDX-License-Identifier: Apache-2.0

import { role, set_text } from "./dom.js";
import { counted } from "./format.js";

/// The button that freezes what is shown, so that it can be read while much is coming. The state
/// goes on collecting; what is shown meanwhile is a copy of it, so nothing waits in a queue.
export class Pause {
  #frozen = null; // {state, now_ms} while paused
  #missed = 0; // events that changed the state since

  /// `on_change(missed)` is called when pausing (null) and when going on.
  constructor(root, state, { on_change }) {
    this.root = root;
    this.state = state;
    this.on_change = on_change;
    this.button = role(root, "pause");
    this.button.addEventListener("click", () => this.#toggle());
  }

  /// What is to be drawn, and for which moment of this machine's clock.
  get shown() {
    return this.#frozen ?? { state: this.state, now_ms: Date.now() };
  }

  count_event() {
    if (this.#frozen) ++this.#missed;
  }

  render() {
    const is_paused = this.#frozen !== null;
    this.button.dataset.paused = is_paused;
    set_text(this.button, is_paused ? "Resume" : "Pause");
    const meanwhile = is_paused ? `Paused, ${counted(this.#missed, "event")} since` : "";
    set_text(role(this.root, "meanwhile"), meanwhile);
  }

  #toggle() {
    const missed = this.#frozen ? this.#missed : null;
    this.#frozen = this.#frozen ? null : { state: this.state.copy(), now_ms: Date.now() };
    this.#missed = 0;
    this.on_change(missed);
  }
}
