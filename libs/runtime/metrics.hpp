// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace weir::runtime {

using Labels = std::map<std::string, std::string>;

/// Counts what only grows. A handle: cheap to copy, valid as long as its Metrics.
class Counter {
public:
    void add(std::uint64_t count = 1);

private:
    friend class Metrics;
    explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
    prometheus::Counter* counter_;
};

/// Shows a value that goes up and down.
class Gauge {
public:
    void set(double value);

private:
    friend class Metrics;
    explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
    prometheus::Gauge* gauge_;
};

/// Counts observations in buckets, for quantiles over time.
class Histogram {
public:
    void observe(double value);
    /// What somebody else has counted: of each bucket and of what lies beyond the last how many,
    /// and the sum of all.
    void add(const std::vector<double>& counts, double sum);

private:
    friend class Metrics;
    explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
    prometheus::Histogram* histogram_;
};

/// One value of a family of gauges.
struct Sample {
    Labels labels;
    double value = 0;
};

/// Keeps a gauge function registered; destroying it waits for a scrape that is under way.
class Reading {
public:
    Reading() = default;
    explicit Reading(std::shared_ptr<void> registration) : registration_(std::move(registration)) {}

private:
    std::shared_ptr<void> registration_;
};

/// The metrics of one process, shown at /metrics in the Prometheus text format 0.0.4. The only
/// user of prometheus-cpp.
///
/// Names start with `weir_`, carry their base unit (seconds, bytes) and end in `_total` when they
/// count. The same name with other labels is another series of the same family.
///
/// Threads: every function from any thread; counting takes no lock. Asking for a series takes one:
///          do it at the start, not per record.
class Metrics {
public:
    explicit Metrics(const std::string& service);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
    Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
    /// `buckets`: upper bounds, rising. latency_buckets() suits most times.
    Histogram histogram(const std::string& name, const std::string& help,
                        const std::vector<double>& buckets, const Labels& labels = {});
    /// A gauge whose value is asked for at each scrape, from the scraping thread, until the
    /// returned handle is destroyed. Keep the handle beside what `read` looks at.
    [[nodiscard]] Reading gauge_function(const std::string& name, const std::string& help,
                                         std::function<double()> read, const Labels& labels = {});
    /// The same for gauges of one name whose labels are only known at the scrape.
    [[nodiscard]] Reading gauge_family(const std::string& name, const std::string& help,
                                       std::function<std::vector<Sample>()> read);

    /// Everything in the text format.
    [[nodiscard]] std::string text() const;

    /// Seconds from 1 ms to 10 s.
    static const std::vector<double>& latency_buckets();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::runtime
