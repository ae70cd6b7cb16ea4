// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "answers.hpp"
#include "judge.hpp"

namespace {

using namespace weir;

constexpr const char* usage =
    R"(Usage: bench-oracle answers BOOTSTRAP-SERVERS INPUT WINDOW-S GRACE-S FILE
       bench-oracle judge BOOTSTRAP-SERVERS OUTPUT FILE

Works out the mean of each device and window of INPUT and keeps it in FILE; compares what a system
wrote to OUTPUT with that, after sentences about what is wrong. The last line is JSON.
)";

int fail(const Error& error) {
    std::fprintf(stderr, "bench-oracle: %s\n", error.message.c_str());
    return 1;
}

bench::Micros seconds(const std::string& text) { return std::atoll(text.c_str()) * 1'000'000; }

int answer(const std::string& servers, const std::string& topic, bench::Windows windows,
           const std::string& file) {
    const auto answers = bench::Answers::of_topic(servers, topic, windows);
    if (!answers) return fail(answers.error());
    if (const auto saved = answers->save(file); !saved) return fail(saved.error());
    fmt::print("{{\"readings\":{},\"late\":{},\"results\":{}}}\n", answers->readings(),
               answers->late(), answers->results());
    return 0;
}

int judge(const std::string& servers, const std::string& topic, const std::string& file) {
    const auto answers = bench::Answers::load(file);
    if (!answers) return fail(answers.error());
    const auto verdict = bench::judge(servers, topic, *answers);
    if (!verdict) return fail(verdict.error());
    for (const std::string& example : verdict->examples)
        fmt::print("{}\n", example);
    fmt::print("{}\n", bench::json(*verdict));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 6 && words[0] == "answers" && seconds(words[3]) > 0)
        return answer(words[1], words[2], {seconds(words[3]), seconds(words[4])}, words[5]);
    if (words.size() == 4 && words[0] == "judge") return judge(words[1], words[2], words[3]);
    std::fputs(usage, stderr);
    return 2;
}
