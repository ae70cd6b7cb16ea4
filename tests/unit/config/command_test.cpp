// SPDX-License-Identifier: Apache-2.0
// Goal: one declaration gives parser, environment, file, help and errors; every mistake is
// reported at once with its name, value and source. Method: load from values, no process needed.
#include "config/command.hpp"

#include <unistd.h>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

#include "catch.hpp"
#include "config/toml.hpp"

using namespace weir;
using namespace weir::config;
using namespace std::chrono_literals;

namespace {

enum class Payload { number, json };

constexpr auto choices_of(Payload) {
    return std::array{std::pair{std::string_view("number"), Payload::number},
                      std::pair{std::string_view("json"), Payload::json}};
}

struct Example {
    std::string topic;
    std::chrono::milliseconds window = 15s;
    int qos = 1;
    bool reset = false;
    Payload payload = Payload::number;
    std::string password;
    std::vector<std::string> relays;
    Bytes buffer{16U << 20};
    Command command{"example", "Shows options."};

    Example() {
        command.section("Input");
        command.option("topic", topic, "The topic.").metavar("TOPIC").required();
        command.option("window", window, "The window.").range(1ms, 24h);
        command.option("qos", qos, "The quality of service.").range(0, 2);
        command.option("reset", reset, "Starts afresh.");
        command.option("payload", payload, "The payload's form.");
        command.section("Output");
        command.option("password", password, "The password.").secret();
        command.option("relay", relays, "A relay.");
        command.option("buffer", buffer, "The buffer.");
        command.rule([this](std::vector<std::string>& mistakes) {
            if (reset && qos == 0) mistakes.push_back("--reset needs --qos 1 or 2, got 0");
        });
        command.example("example --topic a", "Reads a.");
    }
    Outcome load(std::vector<std::string> arguments,
                 std::map<std::string, std::string> environment = {}) {
        return command.load({std::move(arguments), std::move(environment)});
    }
};

class File {
public:
    explicit File(const std::string& text)
        : path_(std::filesystem::temp_directory_path() /
                ("weir_config_test_" + std::to_string(::getpid()) + ".toml")) {
        std::ofstream(path_) << text;
    }
    ~File() { std::filesystem::remove(path_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a flag beats the environment, which beats the file, which beats the default",
          "[config]") {
    const File file(
        "topic = \"from-file\"\nwindow = \"1s\"\nqos = 0\nrelay = [\"a=b\", \"c=d\"]\n");
    Example example;
    const auto outcome = example.load({"--config", file.path(), "--topic=from-flag"},
                                      {{"WEIR_TOPIC", "from-env"}, {"WEIR_WINDOW", "2s"}});
    REQUIRE(outcome.run);
    CHECK(example.topic == "from-flag");
    CHECK(example.window == 2s);
    CHECK(example.qos == 0);
    CHECK(example.relays == std::vector<std::string>{"a=b", "c=d"});
    CHECK(example.buffer.count == 16U << 20);
}

TEST_CASE("--check prints warnings of what is valid", "[config]") {
    Example example;
    example.command.warning_rule([](auto& warnings) { warnings.emplace_back("not for long"); });
    const auto checked = example.load({"--topic", "a", "--check"});
    CHECK(checked.exit_code == 0);
    CHECK(checked.output == "example: the configuration is valid\n");
    CHECK(checked.errors == "example: warning: not for long\n");
    CHECK(example.load({"--topic", "a"}).errors.empty());
    CHECK(example.load({"--check", "--qos", "3"}).errors.find("warning") == std::string::npos);
}

TEST_CASE("--check --connect looks at the world once the options are good", "[config]") {
    Example offline;
    CHECK(offline.load({"--topic", "a", "--check", "--connect"}).exit_code == 2);
    CHECK(offline.command.help().find("--connect") == std::string::npos);

    Example example;
    int looked = 0;
    std::vector<std::string> found;
    example.command.connected_rule([&](std::vector<std::string>& mistakes) {
        ++looked;
        mistakes = found;
    });
    CHECK(example.command.help().find("--connect") != std::string::npos);
    CHECK(example.load({"--topic", "a", "--check"}).exit_code == 0);
    CHECK(example.load({"--qos", "3", "--check", "--connect"}).exit_code == 2);
    CHECK(example.load({"--topic", "a", "--connect"}).errors.find("--connect needs --check") !=
          std::string::npos);
    CHECK(looked == 0);
    CHECK(example.load({"--topic", "a", "--check", "--connect"}).exit_code == 0);
    CHECK(looked == 1);
    found = {"one", "two"};
    const auto outcome = example.load({"--topic", "a", "--check", "--connect"});
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.errors == "example: one\nexample: two\n");
}

TEST_CASE("an option may be required under a condition", "[config]") {
    std::string topic;
    std::string file;
    Command command("example", "Shows options.");
    command.option("topic", topic, "The topic.").required_if([&] { return file.empty(); });
    command.option("file", file, "The file.");
    CHECK(command.load({{}, {}}).errors.find("--topic: required") != std::string::npos);
    CHECK(command.load({{"--file", "a"}, {}}).run);
}

TEST_CASE("every mistake is reported at once, with exit code 2", "[config]") {
    Example example;
    const auto outcome = example.load({"--window", "15", "--qos", "3", "--relays", "x", "stray"},
                                      {{"WEIR_PAYLOAD", "xml"}});
    CHECK_FALSE(outcome.run);
    CHECK(outcome.exit_code == 2);
    for (const char* part :
         {"--window: expected a duration", "got \"15\" (command line)",
          "--qos: expected 0 to 2, got 3", "unknown option \"--relays\", did you mean relay?",
          "unexpected argument \"stray\"",
          "--payload: expected one of number|json, got \"xml\" (environment WEIR_PAYLOAD)",
          "--topic: required"}) {
        CAPTURE(part, outcome.errors);
        CHECK(outcome.errors.find(part) != std::string::npos);
    }
    CHECK(outcome.errors.find("\"x\"") == std::string::npos);
}

TEST_CASE("a value that may be empty has a range all the same", "[config]") {
    std::optional<int> round;
    Command command{"example", "Shows options."};
    command.option("round", round, "Decimal places.").range(0, 15);
    CHECK(command.load({{"--round", "15"}, {}}).run);
    CHECK(round == 15);
    CHECK(command.load({{"--round", ""}, {}}).run);
    CHECK(round == std::nullopt);
    const std::string errors = command.load({{"--round", "16"}, {}}).errors;
    CAPTURE(errors);
    CHECK(errors.find("--round: expected 0 to 15, got 16") != std::string::npos);
}

TEST_CASE("rules across options run once the values are good", "[config]") {
    Example example;
    const auto outcome = example.load({"--topic", "t", "--reset", "--qos", "0"});
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.errors == "example: --reset needs --qos 1 or 2, got 0\n");
}

TEST_CASE("keys of another program that shares the file mean nothing", "[config]") {
    const File file("topic = \"a\"\nlinger = \"5s\"\n");
    Example other;
    CHECK(other.load({"--config", file.path()}).exit_code == 2);
    Example example;
    example.command.foreign({"linger"});
    const auto outcome = example.load({"--config", file.path()});
    INFO(outcome.errors);
    CHECK(outcome.run);
    CHECK(example.load({"--linger", "5s"}).exit_code == 2);
}

TEST_CASE("an unknown key in the file names the line and the nearest key", "[config]") {
    const File file("topic = \"t\"\n\nwindw = \"1s\"\n");
    Example example;
    const auto outcome = example.load({"--config", file.path()});
    CHECK(outcome.errors.find("line 3: unknown key \"windw\", did you mean window?") !=
          std::string::npos);
}

TEST_CASE("a broken or missing file is one clear line", "[config]") {
    const File file("topic = \n");
    Example example;
    CHECK(example.load({"--config", file.path()}).errors.find("line 1") != std::string::npos);
    CHECK(example.load({"--config", "/nowhere.toml"}).errors.find("/nowhere.toml") !=
          std::string::npos);
}

TEST_CASE("every value belongs to its flag, whatever it looks like", "[config]") {
    // CLI11 would take both of "--topic a b", and make two values of "[a,b]".
    Example example;
    REQUIRE(example.load({"--topic", "[a,b]", "--relay", "[c,d]", "--relay=e", "--qos", "1"}).run);
    CHECK(example.topic == "[a,b]");
    CHECK(example.relays == std::vector<std::string>{"[c,d]", "e"});
    const auto outcome = example.load({"--topic", "a", "b", "--relay", "c", "d"});
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.errors ==
          "example: unexpected argument \"b\", see --help\n"
          "example: unexpected argument \"d\", see --help\n");
}

TEST_CASE("a list is refused where one value is expected", "[config]") {
    for (const char* line : {"topic = []\n", "topic = [\"a\", \"b\"]\n"}) {
        const File file(line);
        Example example;
        const auto outcome = example.load({"--topic", "t", "--config", file.path()});
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.errors.find("line 1: topic: expected one value, got a list") !=
              std::string::npos);
    }
}

TEST_CASE("a configuration file that was asked for is read or refused", "[config]") {
    Example example;
    CHECK(example.load({"--topic", "t", "--config", ""}).exit_code == 2);
    CHECK(example.load({"--topic", "t"}, {{"WEIR_CONFIG", ""}}).run);
    for (const char* unreadable : {"/", "/dev/zero"}) {
        CAPTURE(unreadable);
        const auto outcome = example.load({"--topic", "t", "--config", unreadable});
        CHECK(outcome.errors.find(std::string("reading ") + unreadable) != std::string::npos);
        CHECK(example.load({"--topic", "t"}, {{"WEIR_PASSWORD_FILE", unreadable}}).exit_code == 2);
    }
}

TEST_CASE("a secret under a misspelt name is not printed", "[config]") {
    Example example;
    for (const auto& arguments : {std::vector<std::string>{"--pasword=s3cret"},
                                  std::vector<std::string>{"--pasword", "s3cret"}}) {
        const auto outcome = example.load(arguments);
        CHECK(outcome.errors.find("unknown option \"--pasword\", did you mean password?") !=
              std::string::npos);
        CHECK(outcome.errors.find("s3cret") == std::string::npos);
    }
}

TEST_CASE("secrets come from files and are never printed", "[config]") {
    const File file("s3cret\n");
    Example example;
    REQUIRE(example.load({"--topic", "t"}, {{"WEIR_PASSWORD_FILE", file.path()}}).run);
    CHECK(example.password == "s3cret");
    CHECK(example.command.print_config().find("s3cret") == std::string::npos);
    CHECK(example.command.help().find("s3cret") == std::string::npos);
}

TEST_CASE("what print-config prints is read back as the same values", "[config]") {
    Example example;
    REQUIRE(example
                .load({"--topic", "a \"b\"\x7F", "--relay", "x", "--relay", "y;z", "--payload",
                       "json", "--reset"})
                .run);
    const File file(example.command.print_config());
    Example again;
    const auto outcome = again.load({"--config", file.path()});
    CAPTURE(outcome.errors);
    REQUIRE(outcome.run);
    CHECK(again.topic == "a \"b\"\x7F");
    CHECK(again.relays == std::vector<std::string>{"x", "y;z"});
    CHECK(again.payload == Payload::json);
    CHECK(again.reset);
    CHECK(again.window == 15s);
}

TEST_CASE("lists in the environment are separated by semicolons", "[config]") {
    Example example;
    REQUIRE(example.load({"--topic", "t"}, {{"WEIR_RELAY", "a=b;c=d\ne=f"}}).run);
    CHECK(example.relays == std::vector<std::string>{"a=b", "c=d", "e=f"});
}

TEST_CASE("help, version and check leave without running", "[config]") {
    Example example;
    for (const char* flag : {"--help", "-h", "--version", "--print-reference"}) {
        CAPTURE(flag);
        const auto outcome = example.load({flag});
        CHECK_FALSE(outcome.run);
        CHECK(outcome.exit_code == 0);
        CHECK_FALSE(outcome.output.empty());
    }
    CHECK(example.load({"--check", "--topic", "t"}).output ==
          "example: the configuration is valid\n");
    CHECK(Example{}.load({"--check"}).exit_code == 2);
    const auto help = example.command.help();
    for (const char* part :
         {"--window DURATION", "WEIR_WINDOW", "Default: 15s.", "number|json", "Examples"}) {
        CAPTURE(part);
        CHECK(help.find(part) != std::string::npos);
    }
}

TEST_CASE("a request needs no required option, but no wrong value either", "[config]") {
    Example example;
    example.command.request("probe", "Asks the running service.");
    const auto asked = example.load({"--probe", "--window", "3s"});
    CHECK_FALSE(asked.run);
    CHECK(asked.request == "probe");
    CHECK(example.window == 3s);
    CHECK(example.load({"--probe", "--window", "never"}).exit_code == 2);
    CHECK(example.load({"--topic", "t"}).request.empty());
    CHECK(example.load({"--prob"}).errors.find("did you mean probe?") != std::string::npos);
    CHECK(example.command.help().find("--probe\n        Asks the running service.") !=
          std::string::npos);
}

TEST_CASE("TOML tables and arrays keep their lines", "[config]") {
    const auto table = parse_toml("[[topic]]\nname = \"a\"\npartitions = 4\n", "t.toml");
    REQUIRE(table.ok());
    const auto& [key, topics] = table->front();
    CHECK(key == "topic");
    const auto& first = std::get<TomlTable>(std::get<TomlArray>(topics.value).front().value);
    CHECK(first[0].value.text() == "a");
    CHECK(first[1].value.line == 3);
}
