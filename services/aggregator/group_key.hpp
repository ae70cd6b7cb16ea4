// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace weir::aggregator {

/// A key of several fields as one text that no other fields have: each part after its length, as
/// in `7:device12:co`. Only inside; what results carry is made of the parts.
void append_key_part(std::string& key, std::string_view part);

/// Takes the first part off a key that was made so.
std::string_view take_key_part(std::string_view& key);

}  // namespace weir::aggregator
