// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "json/writer.hpp"

namespace weir::aggregation {

/// A key of several fields as one text that no other fields have: each part after its length, as
/// in `7:device12:co`. Only inside; what results carry is made of the parts.
void append_key_part(std::string& key, std::string_view part);

/// Takes the first part off a key that was made so.
std::string_view take_key_part(std::string_view& key);

/// Writes the fields of a key as members of the object that is being written.
void write_key_members(json::Writer& writer, const std::vector<std::string>& names,
                       std::string_view key);

/// The key of a record about it: the one field, of several a JSON array, which is put into
/// `buffer`.
std::string_view record_key(std::size_t fields, std::string_view key, std::string& buffer);

}  // namespace weir::aggregation
