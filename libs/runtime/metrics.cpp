// SPDX-License-Identifier: Apache-2.0
#include "runtime/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "config/version.hpp"

namespace weir::runtime {
namespace {

prometheus::MetricFamily single(std::string name, std::string help, prometheus::MetricType type,
                                double value) {
    prometheus::ClientMetric metric;
    if (type == prometheus::MetricType::Counter)
        metric.counter.value = value;
    else
        metric.gauge.value = value;
    return {std::move(name), std::move(help), type, {std::move(metric)}};
}

double resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    double pages = 0;
    statm >> pages >> pages;
    return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_files() {
    std::error_code code;
    double count = 0;
    for (auto entry = std::filesystem::directory_iterator("/proc/self/fd", code);
         !code && entry != std::filesystem::directory_iterator(); entry.increment(code))
        ++count;
    return count;
}

double now_seconds() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

/// The process's own figures under the names Prometheus clients agree on.
class ProcessFigures final : public prometheus::Collectable {
public:
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
        using prometheus::MetricType;
        return {single("process_resident_memory_bytes", "Resident memory size in bytes.",
                       MetricType::Gauge, resident_bytes()),
                single("process_cpu_seconds_total", "User and system CPU time spent in seconds.",
                       MetricType::Counter, cpu_seconds()),
                single("process_open_fds", "Number of open file descriptors.", MetricType::Gauge,
                       open_files()),
                single("process_start_time_seconds", "Start time since the Unix epoch in seconds.",
                       MetricType::Gauge, started_)};
    }

private:
    double started_ = now_seconds();
};

/// Gauges read at the moment of the scrape.
class GaugeFunctions final : public prometheus::Collectable {
public:
    using Read = std::function<std::vector<Sample>()>;

    std::uint64_t add(const std::string& name, const std::string& help, Read read) {
        const std::scoped_lock lock(mutex_);
        auto& family = families_[name];
        family.help = help;
        family.parts.push_back({++last_id_, std::move(read)});
        return last_id_;
    }

    void remove(const std::string& name, std::uint64_t id) {
        const std::scoped_lock lock(mutex_);
        auto& parts = families_[name].parts;
        std::erase_if(parts, [&](const Part& part) { return part.id == id; });
        if (parts.empty()) families_.erase(name);
    }

    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
        const std::scoped_lock lock(mutex_);
        std::vector<prometheus::MetricFamily> result;
        for (const auto& [name, family] : families_) {
            prometheus::MetricFamily shown{name, family.help, prometheus::MetricType::Gauge, {}};
            for (const Part& part : family.parts)
                for (const Sample& sample : part.read())
                    shown.metric.push_back(gauge_metric(sample));
            result.push_back(std::move(shown));
        }
        return result;
    }

private:
    struct Part {
        std::uint64_t id;
        Read read;
    };
    struct Family {
        std::string help;
        std::vector<Part> parts;
    };

    static prometheus::ClientMetric gauge_metric(const Sample& sample) {
        prometheus::ClientMetric metric;
        for (const auto& [key, value] : sample.labels)
            metric.label.push_back({key, value});
        metric.gauge.value = sample.value;
        return metric;
    }

    mutable std::mutex mutex_;
    std::map<std::string, Family> families_;
    std::uint64_t last_id_ = 0;
};

}  // namespace

struct Metrics::State {
    prometheus::Registry registry;
    ProcessFigures process;
    // Shared, so that a Reading that outlives the metrics has something to let go of.
    std::shared_ptr<GaugeFunctions> functions = std::make_shared<GaugeFunctions>();
};

void Counter::add(std::uint64_t count) { counter_->Increment(static_cast<double>(count)); }
void Gauge::set(double value) { gauge_->Set(value); }
void Histogram::observe(double value) { histogram_->Observe(value); }
void Histogram::add(const std::vector<double>& counts, double sum) {
    histogram_->ObserveMultiple(counts, sum);
}

Metrics::Metrics(const std::string& service) : state_(std::make_unique<State>()) {
    gauge("weir_build_info", "The service and its version, value 1.",
          {{"service", service}, {"version", std::string(config::version)}})
        .set(1);
}

Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry);
    return Counter(family.Add(labels));
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
    return Gauge(family.Add(labels));
}

Histogram Metrics::histogram(const std::string& name, const std::string& help,
                             const std::vector<double>& buckets, const Labels& labels) {
    auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(state_->registry);
    return Histogram(family.Add(labels, buckets));
}

Reading Metrics::gauge_function(const std::string& name, const std::string& help,
                                std::function<double()> read, const Labels& labels) {
    return gauge_family(name, help, [read = std::move(read), labels] {
        return std::vector<Sample>{{labels, read()}};
    });
}

Reading Metrics::gauge_family(const std::string& name, const std::string& help,
                              std::function<std::vector<Sample>()> read) {
    auto functions = state_->functions;
    const std::uint64_t id = functions->add(name, help, std::move(read));
    return Reading(std::shared_ptr<void>(
        nullptr, [functions, name, id](void*) { functions->remove(name, id); }));
}

std::string Metrics::text() const {
    auto families = state_->registry.Collect();
    const auto append = [&](std::vector<prometheus::MetricFamily> more) {
        families.insert(families.end(), std::make_move_iterator(more.begin()),
                        std::make_move_iterator(more.end()));
    };
    append(state_->functions->Collect());
    append(state_->process.Collect());
    return prometheus::TextSerializer{}.Serialize(families);
}

const std::vector<double>& Metrics::latency_buckets() {
    static const std::vector<double> buckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                             0.25,  0.5,    1,     2.5,  5,     10};
    return buckets;
}

}  // namespace weir::runtime
