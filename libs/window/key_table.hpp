// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/assert.hpp"

/// Inside libs/window only.
namespace weir::window {

/// The keys of all open windows of a stream, each kept once and known by a small number.
///
/// Problem: a key is in several windows at a time and in every record; its text should be hashed
/// once per record and stored once per stream, and be gone when its last window has closed.
///
/// Limits: the text of a key goes with its last use; the slots are kept for other keys until the
///         table is empty.
class KeyTable {
public:
    using Id = std::uint32_t;

    struct Key {
        std::string text;
        std::size_t hash = 0;
        std::uint32_t uses = 0;
        /// Where the key's last record went, so that the next one need not search: the row, and
        /// the serial number of its bucket, 0 for none.
        std::uint32_t row = 0;
        std::uint64_t bucket = 0;
    };

    KeyTable() : index_(0, Hash{this}, Equal{this}) {}
    KeyTable(const KeyTable&) = delete;
    KeyTable& operator=(const KeyTable&) = delete;

    /// The number of the key `text`, or the number that it gets when it is new.
    struct Found {
        bool known;
        Id id;
        std::size_t hash;
    };

    [[nodiscard]] Found find(std::string_view text) const {
        const Probe probe{text, std::hash<std::string_view>{}(text)};
        const auto at = index_.find(probe);
        if (at != index_.end()) return {true, *at, probe.hash};
        return {false, 0, probe.hash};
    }

    /// Keeps a key that find() did not know, with no uses.
    Id insert(std::string_view text, std::size_t hash) {
        Id id = 0;
        if (free_.empty()) {
            id = static_cast<Id>(keys_.size());
            keys_.emplace_back();
        } else {
            id = free_.back();
            free_.pop_back();
        }
        Key& key = keys_[id];
        key.text = text;
        key.hash = hash;
        key.bucket = 0;
        text_bytes_ += text.size();
        index_.insert(id);
        return id;
    }

    Key& operator[](Id id) { return keys_[id]; }
    const Key& operator[](Id id) const { return keys_[id]; }

    /// One use less; a key without a use is forgotten.
    void release(Id id) {
        Key& key = keys_[id];
        WEIR_ASSERT(key.uses > 0, "a key was released more often than it was used");
        if (--key.uses > 0) return;
        index_.erase(id);
        text_bytes_ -= key.text.size();
        key.text = std::string();
        free_.push_back(id);
        if (index_.empty() && keys_.size() > kept_max) shrink();
    }

    [[nodiscard]] std::size_t memory_bytes() const {
        // What a vector has reserved and never touched costs no memory.
        return keys_.size() * sizeof(Key) + free_.size() * sizeof(Id) +
               index_.bucket_count() * (sizeof(Id) + 1) + text_bytes_;
    }

private:
    /// An empty table of up to this many keys keeps its memory for the next ones.
    static constexpr std::size_t kept_max = 1024;

    void shrink() {
        keys_ = std::vector<Key>();
        free_ = std::vector<Id>();
        index_.rehash(0);
    }

    struct Probe {
        std::string_view text;
        std::size_t hash;
    };

    struct Hash {
        using is_transparent = void;
        using is_avalanching = std::true_type;  // std::hash of a text mixes all its bits
        const KeyTable* table;
        std::size_t operator()(Id id) const { return table->keys_[id].hash; }
        std::size_t operator()(const Probe& probe) const { return probe.hash; }
    };

    struct Equal {
        using is_transparent = void;
        const KeyTable* table;
        bool operator()(Id a, Id b) const { return a == b; }
        bool operator()(const Probe& probe, Id id) const {
            const Key& key = table->keys_[id];
            return key.hash == probe.hash && key.text == probe.text;
        }
        bool operator()(Id id, const Probe& probe) const { return (*this)(probe, id); }
    };

    std::vector<Key> keys_;
    std::vector<Id> free_;
    boost::unordered_flat_set<Id, Hash, Equal> index_;
    std::size_t text_bytes_ = 0;
};

}  // namespace weir::window
