// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace socketio_load {

using Settings = std::map<std::string, std::string>;

/// What is measured; main.cpp has the words. Each returns a line of JSON.
std::string flood(const Settings& settings);
std::string idle(const Settings& settings);
std::string churn(const Settings& settings);
std::string latency(const Settings& settings);

}  // namespace socketio_load
