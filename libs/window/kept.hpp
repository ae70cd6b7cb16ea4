// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "window/aggregates.hpp"

/// Inside libs/window only: what one word of an accumulator points to.
namespace weir::window {

/// The values of a percentile, as the words they are.
using Values = std::vector<std::uint64_t>;

using DistinctNumbers = boost::unordered_flat_set<std::uint64_t>;

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>{}(text);
    }
};
using DistinctTexts = boost::unordered_flat_set<std::string, TextHash, std::equal_to<>>;

/// A word that is nothing yet, or owns a T, or remembers that there was more than allowed.
template <typename T>
class Kept {
public:
    explicit Kept(std::uint64_t& word) : word_(word) {}

    [[nodiscard]] bool beyond() const { return word_ == beyond_bound; }
    [[nodiscard]] T* get() const {
        return word_ == nothing || beyond() ? nullptr : std::bit_cast<T*>(word_);
    }
    /// Not when beyond().
    T& make() {
        if (word_ == nothing) word_ = std::bit_cast<std::uint64_t>(std::make_unique<T>().release());
        return *get();
    }
    void release() {
        std::unique_ptr<T>{get()}.reset();
        word_ = nothing;
    }
    void give_up() {
        release();
        word_ = beyond_bound;
    }

private:
    static constexpr std::uint64_t nothing = 0;
    static constexpr std::uint64_t beyond_bound = 1;  // no pointer is odd

    std::uint64_t& word_;
};

/// For reading only.
template <typename T>
const T* kept(const std::uint64_t& word) {
    return Kept<T>(const_cast<std::uint64_t&>(word)).get();
}
inline bool beyond(const std::uint64_t& word) {
    return Kept<char>(const_cast<std::uint64_t&>(word)).beyond();
}

inline std::size_t bytes_of(const std::string& text) { return sizeof(text) + text.size(); }
inline std::size_t bytes_of(const Values& values) { return values.capacity() * 8; }
inline std::size_t bytes_of(const DistinctNumbers& numbers) { return numbers.bucket_count() * 9; }
inline std::size_t bytes_of(const DistinctTexts& texts) {
    std::size_t bytes = texts.bucket_count() * (sizeof(std::string) + 1);
    for (const std::string& text : texts)
        bytes += text.size();
    return bytes;
}
template <typename T>
std::size_t bytes_of_kept(const std::uint64_t& word) {
    const T* const found = kept<T>(word);
    return found == nullptr ? 0 : bytes_of(*found);
}

/// The percentile of values that are not none.
template <typename Number>
double percentile_of(const Values& values, double percent) {
    std::vector<Number> sorted(values.size());
    std::transform(values.begin(), values.end(), sorted.begin(),
                   [](std::uint64_t word) { return std::bit_cast<Number>(word); });
    const double place = percent / 100 * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(below);
    std::nth_element(sorted.begin(), middle, sorted.end());
    const auto low = static_cast<double>(*middle);
    const double above = place - static_cast<double>(below);
    if (above == 0) return low;
    const auto high = static_cast<double>(*std::min_element(middle + 1, sorted.end()));
    return low * (1 - above) + high * above;
}

}  // namespace weir::window
