// SPDX-License-Identifier: Apache-2.0

const answers_max = 8; // a minute or so: clocks drift
const resolution_ms = 1; // of both clocks together

/// How far the server's clock is ahead of this machine's, from asking it for its time: the answer
/// was made at some moment between question and arrival, so the quickest answer says most. Pure.
export class Clock {
  ahead_ms = NaN; // NaN: the server has not answered
  error_ms = NaN; // by how much that may be wrong at most
  #answers = []; // the latest, of {ahead_ms, error_ms}

  answered(asked_ms, server_ms, got_ms) {
    if (!Number.isFinite(server_ms) || !(got_ms >= asked_ms)) return;
    const answer = {
      ahead_ms: server_ms - (asked_ms + got_ms) / 2,
      error_ms: (got_ms - asked_ms) / 2 + resolution_ms,
    };
    // They cannot both be right, so one of the clocks has been set meanwhile.
    const was_set =
      Math.abs(answer.ahead_ms - this.ahead_ms) > answer.error_ms + this.error_ms;
    if (was_set) this.#answers = [];
    this.#answers = [...this.#answers, answer].slice(-answers_max);
    Object.assign(
      this,
      this.#answers.reduce((best, next) => (next.error_ms <= best.error_ms ? next : best)),
    );
  }

  /// What the server's clock shows when this machine's shows `now_ms`.
  server_time(now_ms) {
    return now_ms + this.ahead_ms;
  }

  copy() {
    return Object.assign(new Clock(), this);
  }
}
