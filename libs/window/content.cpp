// SPDX-License-Identifier: Apache-2.0
#include "window/content.hpp"

#include "base/assert.hpp"
#include "window/kept.hpp"
#include "window/words.hpp"

namespace weir::window {
namespace {

/// Numbers and texts are never the same.
struct Ids {
    DistinctNumbers numbers;
    DistinctTexts texts;

    [[nodiscard]] std::size_t size() const { return numbers.size() + texts.size(); }
};

std::size_t bytes_of(const Ids& ids) {
    return sizeof(Ids) + window::bytes_of(ids.numbers) + window::bytes_of(ids.texts);
}

}  // namespace

Content::Content(const Options& options)
    : aggregates_(options.aggregates),
      ids_max_(options.ids_max),
      ids_at_(options.aggregates.state_words()),
      words_(ids_at_ + (keeps_ids() ? 1 : 0)) {}

void Content::reset(std::uint64_t* state) const {
    aggregates_.reset(state);
    if (keeps_ids()) state[ids_at_] = 0;
}

bool Content::admit_id(std::uint64_t* state, const Input& id) const {
    WEIR_ASSERT(id.kind == Input::Kind::integer || id.kind == Input::Kind::text,
                "an id is an integer or a text");
    Kept<Ids> kept(state[ids_at_]);
    if (kept.beyond()) return true;
    Ids& ids = kept.make();
    const bool is_number = id.kind == Input::Kind::integer;
    const bool known = is_number ? ids.numbers.contains(as_word(id.integer))
                                 : ids.texts.find(id.text) != ids.texts.end();
    if (known) return false;
    if (ids.size() == ids_max_)
        kept.give_up();
    else if (is_number)
        ids.numbers.insert(as_word(id.integer));
    else
        ids.texts.emplace(id.text);
    return true;
}

bool Content::ids_beyond(const std::uint64_t* state) const {
    return window::beyond(state[ids_at_]);
}

void Content::join(std::uint64_t* state, std::uint64_t* from) const {
    aggregates_.merge(state, from);
    if (keeps_ids()) {
        Kept<Ids> kept(state[ids_at_]);
        if (window::beyond(from[ids_at_])) kept.give_up();
        if (!kept.beyond()) {
            Ids& ids = kept.make();
            Ids& more = *Kept<Ids>(from[ids_at_]).get();
            ids.numbers.merge(more.numbers);
            ids.texts.merge(more.texts);
            if (ids.size() > ids_max_) kept.give_up();
        }
    }
    release(from);
}

std::size_t Content::owned_bytes(const std::uint64_t* state) const {
    std::size_t bytes = aggregates_.owned_bytes(state);
    if (!keeps_ids()) return bytes;
    const Ids* const ids = kept<Ids>(state[ids_at_]);
    return ids == nullptr ? bytes : bytes + bytes_of(*ids);
}

void Content::release(std::uint64_t* state) const {
    aggregates_.release(state);
    if (keeps_ids()) Kept<Ids>(state[ids_at_]).release();
}

}  // namespace weir::window
