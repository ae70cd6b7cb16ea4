// SPDX-License-Identifier: Apache-2.0
// The one translation unit with the compiled halves of Asio and Beast; every user includes
// declarations only. This is what keeps the build short.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
