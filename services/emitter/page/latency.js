// SPDX-License-Identifier: Apache-2.0

export const samples_max = 1_000; // per stage: ten of them are beyond the 99th percentile

/// How long readings and results took on each stage of their way. Pure.
export class Latency {
  #stages = new Map(); // name -> {samples_ms: the latest, in a ring, next: where the next one goes}

  add(stage, ms) {
    if (!Number.isFinite(ms)) return;
    const ring = this.#stages.get(stage) ?? { samples_ms: [], next: 0 };
    ring.samples_ms[ring.next] = ms;
    ring.next = (ring.next + 1) % samples_max;
    this.#stages.set(stage, ring);
  }

  /// {p50, p99, count} of a stage's latest samples, in milliseconds; NaN while there are none.
  summary(stage) {
    const samples_ms = [...(this.#stages.get(stage)?.samples_ms ?? [])].sort((a, b) => a - b);
    const count = samples_ms.length;
    const quantile = (part) => samples_ms[Math.ceil(part * count) - 1] ?? NaN;
    return { p50: quantile(0.5), p99: quantile(0.99), count };
  }

  copy() {
    const copy = new Latency();
    for (const [stage, { samples_ms, next }] of this.#stages) {
      copy.#stages.set(stage, { samples_ms: [...samples_ms], next });
    }
    return copy;
  }
}
