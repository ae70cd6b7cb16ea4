// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

namespace weir::fuzz {

/// Spoils one of `seeds` in one to four places: a bit, a byte, a part taken out, doubled, or taken
/// from another seed. The same engine gives the same input.
inline std::string mutated(const std::vector<std::string>& seeds, std::mt19937_64& random) {
    // Not a distribution of the standard library, whose results differ from one to the next.
    const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
    constexpr std::array<unsigned char, 8> odd{0x00, 0x01, 0x7F, 0x80, 0xFF, '{', '"', '/'};
    std::string text = seeds[below(seeds.size())];
    for (std::size_t rounds = 1 + below(4); rounds > 0; --rounds) {
        if (text.empty()) break;
        const std::size_t at = below(text.size());
        const std::size_t size = 1 + below(8);
        switch (below(6)) {
            case 0: text[at] = static_cast<char>(text[at] ^ (1 << below(8))); break;
            case 1: text[at] = static_cast<char>(odd[below(odd.size())]); break;
            case 2: text[at] = static_cast<char>(random() & 0xFFU); break;
            case 3: text.erase(at, size); break;
            case 4: text.insert(at, text.substr(at, size)); break;
            default: {
                const std::string& other = seeds[below(seeds.size())];
                text.insert(at, other.substr(below(other.size()), size));
            }
        }
    }
    return text;
}

/// Calls `play` with each seed and then with `count` mutations of them.
template <typename Play>
void play_mutations(const std::vector<std::string>& seeds, std::size_t count, Play play) {
    std::mt19937_64 random(20'241'007);  // always the same; the fuzzer looks elsewhere
    for (const std::string& seed : seeds)
        play(seed);
    for (std::size_t i = 0; i < count; ++i)
        play(mutated(seeds, random));
}

}  // namespace weir::fuzz
