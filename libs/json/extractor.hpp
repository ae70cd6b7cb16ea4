// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/types.hpp"
#include "json/document.hpp"
#include "json/pointer.hpp"
#include "json/timestamp.hpp"

namespace weir::json {

/// What a field is read as.
enum class FieldType : std::uint8_t {
    float64,    ///< a number, as the nearest double
    float32,    ///< a number, as the nearest 32-bit float: digits equal to a Spark FloatType
    int64,      ///< a number whose value is an integer
    string,     ///< a string
    text,       ///< a string, or a number's digits or `true`/`false` as they stand in the record
    scalar,     ///< a string, a number or `true`/`false`, its bytes as they stand in the record
    timestamp,  ///< a string or a number, by parse_timestamp()
    raw,        ///< any value, its bytes as they stand in the record
};

enum class Presence : std::uint8_t {
    required,  ///< absent or null fails the record
    optional,  ///< absent or null is an answer
};

/// One field to take out of every record.
struct FieldSpec {
    Pointer pointer;
    FieldType type = FieldType::float64;
    Presence presence = Presence::required;
    /// For FieldType::timestamp. Its zone is borrowed for the extractor's lifetime.
    TimestampFormat timestamp = {};
};

/// What a record had at a field's pointer. Which member is set follows from the field's type.
struct Field {
    enum class State : std::uint8_t { absent, null, present };

    State state = State::absent;
    union {
        double float64 = 0;
        float float32;
        std::int64_t int64;
    };
    EventTime time{};       ///< of a timestamp
    std::string_view text;  ///< of the other types; borrows the record or the extractor

    [[nodiscard]] bool present() const { return state == State::present; }
};

/// Takes a few typed fields out of many records, fast.
///
/// Problem: a service that looks at three fields of a record should not build a tree of it. The
/// pointers are compiled once; one pass over a record checks that it is JSON (the rules are
/// Document's) and gives the fields.
///
/// Lifetime: the fields of a record are valid until the next extract(); their texts borrow the
///           record's bytes, too.
/// Limits:   allocates nothing once its buffers have grown to the largest record.
/// Threads:  one at a time; make one per thread.
class Extractor {
public:
    explicit Extractor(std::vector<FieldSpec> fields, const Limits& limits = {});
    Extractor(Extractor&&) noexcept;
    Extractor& operator=(Extractor&&) noexcept;
    ~Extractor();

    /// Reads one record. Errors: not a JSON object (with the byte), or the first field in the
    /// order of the specification that is not what it must be: the pointer, what was expected,
    /// what was got. After an error fields() is meaningless.
    Result<void> extract(std::string_view record);

    /// The last record's fields, in the order of the specification.
    [[nodiscard]] std::span<const Field> fields() const;

private:
    class Program;
    std::unique_ptr<Program> program_;
};

}  // namespace weir::json
