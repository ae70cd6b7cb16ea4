// SPDX-License-Identifier: Apache-2.0
#include "recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace weir::aggregator {
namespace {

using window::LogStart;

window::Options windows_of(const Options& options, const window::Aggregates& aggregates,
                           std::size_t checkpoint_bytes_max) {
    return {.kind = options.kind(),
            .size = options.size(),
            .every = options.every.value_or(Options::milliseconds::zero()),
            .grace = options.grace,
            .accept_late = options.accept_late,
            .aggregates = aggregates,
            .ids_max = options.ids_max(),
            .open_windows_max = options.open_windows_max,
            .checkpoint_bytes_max = checkpoint_bytes_max,
            .checkpoint_format = options.checkpoint_format};
}

/// A stream without a past that begins at `from`. What lies before it is missed if it was ever
/// there, whether or not the log still has it.
Plan afresh(window::Options options, Offset from, std::string warning) {
    const LogStart start = from > Offset{0} ? LogStart::cut : LogStart::whole;
    return {window::Stream(std::move(options), start), from, std::nullopt, std::move(warning)};
}

/// Why the committed checkpoint cannot be continued; empty when it can.
std::string refusal(const Fingerprint& fingerprint, const Result<Metadata>& metadata,
                    Offset committed, const kafka::Watermarks& log) {
    if (committed > log.high)
        return fmt::format(
            "the committed offset {} is beyond the end of the log, {}: the topic "
            "was created anew or has lost records",
            number(committed), number(log.high));
    if (!metadata) return metadata.error().message;
    if (metadata->hash == fingerprint.hash()) return {};
    std::string text = "this group's windows were computed otherwise";
    for (const std::string& difference : fingerprint.differences(metadata->fingerprint))
        text += "; " + difference;
    return text;
}

}  // namespace

Result<Plan> plan_recovery(const Options& options, const window::Aggregates& aggregates,
                           const Fingerprint& fingerprint,
                           const std::optional<kafka::Position>& committed,
                           const kafka::Watermarks& log) {
    window::Options windows = windows_of(options, aggregates, checkpoint_bytes_max(fingerprint));
    if (!committed)
        return afresh(std::move(windows), options.start == Start::earliest ? log.low : log.high,
                      {});
    const Offset known = std::max(committed->offset, log.low);
    if (committed->metadata.empty() && committed->offset <= log.high)
        return afresh(std::move(windows), known,
                      "the committed offset has no checkpoint: windows begin afresh");

    const auto metadata = decode_metadata(committed->metadata);
    if (const auto reason = refusal(fingerprint, metadata, committed->offset, log);
        !reason.empty()) {
        if (!options.reset)
            return Error{reason + ". Use another --group, or --reset to give the open windows up"};
        return afresh(std::move(windows), committed->offset > log.high ? log.low : known,
                      "--reset: " + reason);
    }

    const window::Checkpoint& checkpoint = metadata->checkpoint;
    const bool rewrite = metadata->format != options.checkpoint_format;
    if (checkpoint.replay_from >= log.low)
        return Plan{window::Stream(std::move(windows), checkpoint, committed->offset),
                    checkpoint.replay_from,
                    committed->offset,
                    {},
                    rewrite};
    return Plan{window::Stream(std::move(windows), checkpoint, committed->offset, LogStart::cut),
                log.low, committed->offset,
                fmt::format("the log begins at {} and the open windows began at {}: what is "
                            "missing is lost to them, they are marked weir-incomplete",
                            number(log.low), number(checkpoint.replay_from)),
                rewrite};
}

Plan plan_bounded(const Options& options, const window::Aggregates& aggregates, Offset from) {
    return afresh(windows_of(options, aggregates, SIZE_MAX), from, {});
}

}  // namespace weir::aggregator
