// SPDX-License-Identifier: Apache-2.0
//
// The options of a run that has an end.
#include <fmt/format.h>

#include <algorithm>

#include "options.hpp"

namespace weir::aggregator {

using namespace std::chrono_literals;

void Options::declare_bounded(config::Command& command) {
    command.section("Bounded runs");
    command.option("until", until,
                   "Where the run ends: never, or at the end the input has when it begins. All "
                   "windows are closed then. No group is joined and nothing is committed.");
    command.option("from", from,
                   "Where a bounded run begins: at the beginning, at these offsets (other "
                   "partitions at their beginning), or at the first record that was produced at or "
                   "after a time.");
    command
        .option("file", files,
                "Reads the lines of a file in place of --input, until its end: one reading each, "
                "in JSON; gzip or not; \"-\" is standard input. Several are read as if they were "
                "one, in the order given.")
        .metavar("PATH");
    command
        .option("results", results,
                "Writes the results of a bounded run into a file in place of --output. The file is "
                "there once the run is complete. \"-\" is standard output.")
        .metavar("PATH");
    command.option("results-form", results_form,
                   "The results as JSON, one a line, or as a table for people; auto: a table on a "
                   "terminal.");
    command
        .option("line-bytes-max", line_bytes_max,
                "The longest line of a file; a longer one ends the run.")
        .range(Bytes{1024}, Bytes{1ULL << 30});
    command
        .option("stall-timeout", stall_timeout,
                "How long a bounded run waits for Kafka without any progress before it gives up.")
        .range(1s, 24h);
}

void Options::check_bounded(std::vector<std::string>& mistakes) const {
    const auto refuse = [&](bool wrong, std::string_view words) {
        if (wrong) mistakes.emplace_back(words);
    };
    const bool from_files = !files.empty();
    refuse(from_files && !input.empty(), "--file and --input: expected one of them");
    refuse(from_files && !from.earliest(),
           "--file and --from: a file is read from its beginning; --from is about --input");
    refuse(std::count(files.begin(), files.end(), "-") > 1,
           "--file: standard input can be read once, got \"-\" twice");
    refuse(std::find(files.begin(), files.end(), "") != files.end(),
           "--file: expected a path, got an empty text");
    refuse(!results.empty() && results != "-" &&
               std::find(files.begin(), files.end(), results) != files.end(),
           "--results and --file are the same file: it would be replaced");
    refuse(!results.empty() && !output.empty(), "--results and --output: expected one of them");
    refuse(results.empty() && results_form != ResultsForm::automatic,
           "--results-form needs --results: a topic has records");
    if (bounded()) {
        refuse(!partial.empty(), "--partial: a bounded run has no running results");
        refuse(expect_every || !status.empty(),
               "--expect-every and --status: a bounded run has no clock to miss a key by");
        refuse(reset, "--reset: a bounded run continues nothing that could be reset");
        refuse(start == Start::latest, "--start latest: a bounded run begins where --from says");
        refuse(!transactional_id.empty(),
               "--transactional-id: a bounded run has no transactions; its results are repeated "
               "when it is run again, with the same values");
    } else {
        refuse(!results.empty(), "--results needs --until end or --file: only what ends is a file");
        refuse(!from.earliest(),
               "--from needs --until end; without an end the group's commits and --start decide");
    }
}

}  // namespace weir::aggregator
