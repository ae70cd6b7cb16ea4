// SPDX-License-Identifier: Apache-2.0
#include "latest.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weir::emitter {

void Latest::put(std::string_view key, std::uint64_t number, std::string args) {
    if (const auto known = by_key_.find(key); known != by_key_.end()) erase(known->second);
    bytes_ += key.size() + args.size();
    const Event& event = events_.emplace_back(Event{std::string(key), number, std::move(args)});
    by_key_.emplace(event.key, std::prev(events_.end()));
    while (events_.size() > limits_.keys_max || bytes_ > limits_.bytes_max)
        erase(events_.begin());
}

void Latest::erase(Events::iterator event) {
    bytes_ -= event->key.size() + event->args.size();
    by_key_.erase(event->key);
    events_.erase(event);
}

std::vector<std::string_view> Latest::since(std::uint64_t number, const KeySet* only) const {
    if (only != nullptr && only->size() < events_.size()) return since(number, *only);
    std::vector<std::string_view> found;
    for (auto event = events_.rbegin(); event != events_.rend() && event->number >= number; ++event)
        if (only == nullptr || only->contains(event->key)) found.push_back(event->args);
    std::ranges::reverse(found);
    return found;
}

std::vector<std::string_view> Latest::since(std::uint64_t number, const KeySet& few) const {
    std::vector<const Event*> events;
    for (const std::string& key : few)
        if (const auto known = by_key_.find(key);
            known != by_key_.end() && known->second->number >= number)
            events.push_back(&*known->second);
    std::ranges::sort(events, {}, &Event::number);
    std::vector<std::string_view> found;
    for (const Event* event : events)
        found.push_back(event->args);
    return found;
}

}  // namespace weir::emitter
