// SPDX-License-Identifier: Apache-2.0
// Goal: who is missing follows the rules, and whatever crashes, no change of a key's status is
// forgotten or told twice. Method: cases by hand; then a partition of random readings whose owner
// commits and crashes at random, keeping only what was committed, beside a model that remembers
// everything.
#include "attendance.hpp"

#include <map>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "seed.hpp"

using namespace weir;
using namespace weir::aggregator;
using namespace std::chrono_literals;

namespace {

EventTime at(std::chrono::milliseconds since) { return EventTime{24h * 20000} + since; }

std::vector<StatusRecord> judged(Attendance& attendance, EventTime wall) {
    std::vector<StatusRecord> said;
    attendance.judge(wall, SIZE_MAX, [&](const StatusRecord& record) { said.push_back(record); });
    return said;
}

std::vector<StatusRecord> noted(Attendance& attendance, Offset replay_from) {
    std::vector<StatusRecord> said;
    attendance.note(replay_from, [&](const StatusRecord& record) { said.push_back(record); });
    return said;
}

}  // namespace

TEST_CASE("a key is known by its first reading on time, missing after silence, and then back",
          "[aggregator]") {
    Attendance attendance(10s, 100);
    const auto first = attendance.hear("a", at(0s), Offset{0}, at(1s));
    REQUIRE(first.said);
    CHECK(first.said->status == Status::present);
    CHECK(first.said->key == "a");
    CHECK(!attendance.hear("a", at(5s), Offset{1}, at(6s)).said);
    CHECK(!attendance.hear("a", at(3s), Offset{2}, at(6s)).said);

    CHECK(judged(attendance, at(15s - 1ms)).empty());
    const auto missing = judged(attendance, at(15s));
    REQUIRE(missing.size() == 1);
    CHECK(missing[0].status == Status::missing);
    CHECK(missing[0].last == at(5s));
    CHECK(missing[0].last_offset == Offset{1});
    CHECK(missing[0].since == at(15s));
    CHECK(attendance.missing() == 1);
    CHECK(judged(attendance, at(60s)).empty());

    const auto back = attendance.hear("a", at(70s), Offset{3}, at(70s));
    REQUIRE(back.said);
    CHECK(back.said->status == Status::back);
    CHECK(back.said->last == at(70s));
    CHECK(back.said->away == 65s);
    CHECK(attendance.missing() == 0);
    CHECK(judged(attendance, at(80s)).size() == 1);
}

TEST_CASE("old readings say nothing about now", "[aggregator]") {
    Attendance attendance(10s, 100);
    for (int i = 0; i < 100; ++i)
        CHECK(!attendance.hear("old", at(1s * i), Offset{i}, at(110s)).said);
    CHECK(attendance.known() == 0);
    CHECK(judged(attendance, at(1h)).empty());

    attendance.hear("a", at(200s), Offset{100}, at(200s));
    REQUIRE(judged(attendance, at(210s)).size() == 1);
    CHECK(!attendance.hear("a", at(210s), Offset{101}, at(220s)).said);
    CHECK(attendance.hear("a", at(210s + 1ms), Offset{102}, at(220s)).said);
}

TEST_CASE("a reading by another clock that is no later than the last brings nobody back",
          "[aggregator]") {
    Attendance attendance(10s, 100);
    attendance.restore({.status = Status::missing, .key = "a", .last = at(100s)});
    CHECK(!attendance.hear("a", at(100s), Offset{1}, at(100s)).said);
    CHECK(attendance.missing() == 1);
}

TEST_CASE("beyond the bound new keys are not watched, known ones are", "[aggregator]") {
    Attendance attendance(10s, 2);
    CHECK(attendance.hear("a", at(0s), Offset{0}, at(0s)).said);
    CHECK(attendance.hear("b", at(1s), Offset{1}, at(1s)).said);
    const auto third = attendance.hear("c", at(2s), Offset{2}, at(2s));
    CHECK(third.unwatched);
    CHECK(!third.said);
    CHECK(judged(attendance, at(1h)).size() == 2);
    CHECK(attendance.hear("a", at(2h), Offset{3}, at(2h)).said);
}

TEST_CASE("the missing are told in parts, longest silence first", "[aggregator]") {
    Attendance attendance(10s, 100);
    for (int i = 0; i < 10; ++i)
        attendance.hear(std::to_string(i), at(1s * i), Offset{i}, at(1s * i));
    std::vector<std::string> order;
    const auto visit = [&](const StatusRecord& record) { order.emplace_back(record.key); };
    CHECK(attendance.judge(at(17s), 3, visit) == 3);
    CHECK(attendance.judge(at(17s), 100, visit) == 5);
    CHECK(order == std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7"});
}

TEST_CASE("a last reading is noted once, and only when the replay does not reach it",
          "[aggregator]") {
    Attendance attendance(10s, 100);
    attendance.hear("a", at(0s), Offset{0}, at(0s));
    CHECK(noted(attendance, Offset{1}).empty());  // its first record says so
    attendance.hear("a", at(1s), Offset{1}, at(1s));
    attendance.hear("a", at(2s), Offset{2}, at(2s));
    attendance.hear("a", at(1s), Offset{3}, at(2s));  // out of order: offset 2 holds the last
    CHECK(noted(attendance, Offset{2}).empty());
    const auto notes = noted(attendance, Offset{3});
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].status == Status::present);
    CHECK(notes[0].last == at(2s));
    CHECK(notes[0].last_offset == Offset{2});
    CHECK(noted(attendance, Offset{4}).empty());
}

namespace {

/// Remembers everything, in the plainest way.
class Model {
public:
    static constexpr auto expect_every = 5s;

    struct Key {
        EventTime last{};
        Offset offset{};
        bool missing = false;
    };

    /// What must be said of a reading; empty when nothing.
    std::string hear(const std::string& key, EventTime time, Offset offset, EventTime wall) {
        const bool on_time = wall < time + expect_every;
        const auto found = keys.find(key);
        if (found != keys.end() && !found->second.missing) {
            if (time > found->second.last) found->second = {time, offset};
            return {};
        }
        if (!on_time) return {};
        const std::string said = found == keys.end() ? "present" : "back";
        keys[key] = {time, offset};
        return said;
    }

    /// The keys that must be said to be missing.
    std::map<std::string, Key> judge(EventTime wall) {
        std::map<std::string, Key> said;
        for (auto& [name, key] : keys) {
            if (key.missing || wall < key.last + expect_every) continue;
            key.missing = true;
            said.emplace(name, key);
        }
        return said;
    }

    std::map<std::string, Key> keys;
};

struct Reading {
    std::string key;
    EventTime time;
};

std::string word(Status status) {
    if (status == Status::present) return "present";
    return status == Status::missing ? "missing" : "back";
}

/// One partition, its status topic, what is committed, and an owner.
class World {
public:
    explicit World(std::uint64_t seed) : dice_(seed) {}

    void run(int steps) {
        recover();
        for (int i = 0; i < steps; ++i) {
            wall_ += 1ms * roll(400);
            switch (roll(12)) {
                case 0: commit(); break;
                case 1: judge(); break;
                case 2:
                    if (roll(3) == 0) crash();
                    break;
                case 3:
                    if (roll(8) == 0) wall_ += 1s * roll(20);
                    break;
                default: produce(); break;
            }
            if (roll(4) != 0) consume();
        }
        while (next_ < log_.size())
            consume();
        commit();
        wall_ += 1h;
        judge();
        commit();
        CHECK(attendance_->missing() == attendance_->known());
        check_sequences();
    }

    int told = 0;
    int crashes = 0;

private:
    struct Said {
        StatusRecord record;
        std::string key;
    };

    std::size_t roll(std::size_t sides) { return dice_() % sides; }

    void produce() {
        const auto key = std::to_string(roll(6));
        // Mostly now, some a little earlier, some from an old buffer, one clock ahead.
        auto time = wall_ - 1ms * roll(800);
        if (roll(10) == 0) time = wall_ - 1ms * roll(20'000);
        if (key == "5") time += 2s;
        // Keys fall silent for a while: each has its seconds of the minute.
        if ((wall_.time_since_epoch() / 10s + std::stoi(key)) % 3 == 0 && roll(30) != 0) return;
        log_.push_back({key, time});
    }

    void consume() {
        if (next_ >= log_.size()) return;
        const Reading& reading = log_[next_];
        const Offset offset{static_cast<std::int64_t>(next_++)};
        const auto heard = attendance_->hear(reading.key, reading.time, offset, wall_);
        const auto expected = model_.hear(reading.key, reading.time, offset, wall_);
        REQUIRE((heard.said ? word(heard.said->status) : "") == expected);
        if (heard.said) say(*heard.said);
    }

    void judge() {
        while (next_ < log_.size())
            consume();
        auto expected = model_.judge(wall_);
        attendance_->judge(wall_, SIZE_MAX, [&](const StatusRecord& record) {
            const auto found = expected.find(std::string(record.key));
            REQUIRE(found != expected.end());
            CHECK(record.last == found->second.last);
            CHECK(record.last_offset == found->second.offset);
            expected.erase(found);
            say(record);
        });
        CHECK(expected.empty());
    }

    void say(const StatusRecord& record) { open_.push_back({record, std::string(record.key)}); }

    /// Records and offset together; replay_from never goes back.
    void commit() {
        if (roll(3) != 0) replay_from_ += roll(next_ - replay_from_ + 1);
        attendance_->note(Offset{static_cast<std::int64_t>(replay_from_)},
                          [&](const StatusRecord& record) { say(record); });
        topic_.insert(topic_.end(), open_.begin(), open_.end());
        open_.clear();
        committed_ = next_;
        committed_replay_from_ = replay_from_;
        committed_model_ = model_;
    }

    void crash() {
        ++crashes;
        open_.clear();
        model_ = committed_model_;
        recover();
    }

    void recover() {
        attendance_.emplace(Model::expect_every, 100);
        std::map<std::string, Said> last;
        for (const Said& said : topic_)
            last.insert_or_assign(said.key, said);
        for (const auto& [key, said] : last) {
            StatusRecord record = said.record;
            record.key = key;
            attendance_->restore(record);
        }
        for (std::size_t i = committed_replay_from_; i < committed_; ++i)
            attendance_->replay(log_[i].key, log_[i].time, Offset{static_cast<std::int64_t>(i)});
        next_ = committed_;
        replay_from_ = committed_replay_from_;
    }

    /// present, missing, back, missing, back ...: none twice, none left out.
    void check_sequences() {
        std::map<std::string, Status> before;
        for (const Said& said : topic_) {
            const auto found = before.find(said.key);
            switch (said.record.status) {
                case Status::present:
                    CHECK((found == before.end() || found->second != Status::missing));
                    break;
                case Status::missing:
                    CHECK((found != before.end() && found->second != Status::missing));
                    break;
                case Status::back:
                    CHECK((found != before.end() && found->second == Status::missing));
                    break;
            }
            if (said.record.status != Status::present) ++told;
            before.insert_or_assign(said.key, said.record.status);
        }
    }

    std::mt19937_64 dice_;
    EventTime wall_ = at(0s);
    std::vector<Reading> log_;
    std::vector<Said> topic_;
    std::vector<Said> open_;  ///< said and not committed
    std::optional<Attendance> attendance_;
    Model model_;
    std::size_t next_ = 0;
    std::size_t replay_from_ = 0;

    std::size_t committed_ = 0;
    std::size_t committed_replay_from_ = 0;
    Model committed_model_;
};

}  // namespace

TEST_CASE("crashes forget and repeat nothing", "[aggregator]") {
    auto engine = test::random_engine();
    int told = 0;
    int crashes = 0;
    for (int i = 0; i < 300; ++i) {
        const auto seed = engine();
        INFO("world " << seed);
        World world(seed);
        world.run(1500);
        told += world.told;
        crashes += world.crashes;
    }
    CHECK(told > 10'000);
    CHECK(crashes > 5'000);
}
