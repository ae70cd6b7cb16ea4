// SPDX-License-Identifier: Apache-2.0
// Goal: the tree and the extractor are two readers of one language, and what the writer wrote both
// can read. Method: random documents, and random damage to them; the two readers must refuse the
// same texts and give the same values.
#include <string>

#include "catch.hpp"
#include "json/document.hpp"
#include "json/extractor.hpp"
#include "json/writer.hpp"
#include "seed.hpp"

using namespace weir;
using namespace weir::json;

namespace {

/// Writes random objects over a few keys, so that pointers often hit and keys often repeat.
class Generator {
public:
    explicit Generator(std::mt19937_64& random) : random_(random) {}

    std::string object() {
        std::string out;
        Writer writer(out, below(2) == 0 ? NumberStyle::java : NumberStyle::python);
        value(writer, 0, true);
        return out;
    }

    std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

private:
    void value(Writer& writer, int depth, bool object) {
        const auto kind = object ? 0 : below(depth < 4 ? 9 : 7) + (depth < 4 ? 0 : 2);
        switch (kind) {
            case 0:
                writer.begin_object();
                for (auto members = below(5); members > 0; --members) {
                    writer.key(key());
                    value(writer, depth + 1, false);
                }
                writer.end_object();
                return;
            case 1:
                writer.begin_array();
                for (auto elements = below(4); elements > 0; --elements)
                    value(writer, depth + 1, false);
                writer.end_array();
                return;
            case 2: writer.null(); return;
            case 3: writer.boolean(below(2) == 0); return;
            case 4: writer.number(static_cast<std::int64_t>(random_())); return;
            case 5: writer.number(static_cast<double>(below(1'000'000)) / 1000); return;
            case 6: writer.number(static_cast<float>(below(1000)) * 1e20F); return;
            default: writer.string(text()); return;
        }
    }

    std::string key() {
        constexpr std::string_view keys[] = {"a", "b", "0", "a/b", "~", "\xC3\xA9", "", "\""};
        return std::string(keys[below(std::size(keys))]);
    }

    std::string text() {
        std::string out;
        for (auto size = below(8); size > 0; --size)
            out +=
                below(4) == 0 ? static_cast<char>(below(256)) : static_cast<char>('a' + below(26));
        return out;
    }

    std::mt19937_64& random_;
};

const std::vector<std::string> pointers{"/a",        "/b",    "/a/b",   "/a/0", "/b/1/a",
                                        "/0/0",      "/a~1b", "/~0/\"", "/",    "/a/a/a",
                                        "/\xC3\xA9", "/b//0", "/1",     ""};

void compare(Document& document, Extractor& extractor, const std::string& text) {
    const auto read = document.read(text);
    const auto extracted = extractor.extract(text);
    REQUIRE(read.ok() == extracted.ok());
    if (!read.ok()) {
        REQUIRE(read.error().message == extracted.error().message);
        return;
    }
    REQUIRE(document.root().raw().front() == '{');
    for (std::size_t i = 0; i < pointers.size(); ++i) {
        const auto value = document.find(*Pointer::parse(pointers[i]));
        const Field& field = extractor.fields()[i];
        REQUIRE((field.state == Field::State::absent) == !value.has_value());
        if (!value) continue;
        REQUIRE((field.state == Field::State::null) == (value->type() == Type::null));
        if (field.present()) REQUIRE(field.text == value->raw());
    }
}

}  // namespace

TEST_CASE("both readers agree on random documents and on damaged ones", "[json]") {
    auto random = test::random_engine();
    Generator generator(random);
    std::vector<FieldSpec> specs;
    Document document;
    int good = 0;
    for (const std::string& pointer : pointers)
        specs.push_back({*Pointer::parse(pointer), FieldType::raw, Presence::optional});
    Extractor extractor(specs);
    for (int i = 0; i < 30'000; ++i) {
        std::string text = generator.object();
        CAPTURE(text);
        compare(document, extractor, text);
        REQUIRE(document.read(text).ok());
        for (auto edits = generator.below(3); edits > 0; --edits) {
            const auto at = generator.below(text.size());
            constexpr std::string_view likely = "{}[]:,\"\\u0e.-+ \n\0tfn\xC3\xED\xF4";
            switch (generator.below(3)) {
                case 0: text[at] = likely[generator.below(likely.size())]; break;
                case 1: text.erase(at, 1 + generator.below(3)); break;
                default: text.insert(at, 1, likely[generator.below(likely.size())]); break;
            }
            if (text.empty()) break;
        }
        CAPTURE(text);
        compare(document, extractor, text);
        good += document.read(text).ok() ? 1 : 0;
    }
    CHECK(good > 5'000);
    CHECK(good < 29'000);
}
