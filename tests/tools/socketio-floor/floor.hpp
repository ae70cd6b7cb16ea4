// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace socketio_floor {

/// Ends the program with the kernel's word.
[[noreturn]] void give_up(const char* what);

/// What the load client sends comes in one piece: a request, or one short frame.
void answer(int client, std::string_view bytes);

/// It gets nothing any more.
void forget(int client);

}  // namespace socketio_floor
