// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::http {

/// `text` with each `%XX` replaced by its byte; nothing when an escape is broken or gives a NUL.
/// In a query `+` also means a space (WHATWG URL, application/x-www-form-urlencoded).
enum class Plus { literal, space };
std::optional<std::string> percent_decode(std::string_view text, Plus plus);

/// The parameters of a query, decoded. Of a name that comes twice the last value counts.
class Query {
public:
    /// Reads `a=1&b=2`; a parameter whose escapes are broken is taken as it stands.
    static Query parse(std::string_view text);

    std::optional<std::string_view> get(std::string_view name) const;

private:
    std::vector<std::pair<std::string, std::string>> parameters_;
};

/// What a request line asks for (RFC 9112 section 3.2): the path decoded, the query apart.
struct Target {
    std::string path;
    Query query;
};

/// Reads the origin form (`/path?query`) and the absolute form (`http://host/path?query`);
/// nothing for any other form or a broken escape in the path.
std::optional<Target> parse_target(std::string_view text);

}  // namespace weir::http
