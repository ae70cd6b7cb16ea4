// SPDX-License-Identifier: Apache-2.0
#include "mq2_formula.h"

#include <math.h>  // NOLINT(modernize-deprecated-headers): avr-libc has no <cmath>

namespace mq2 {
namespace {

// The carbon monoxide line of the data sheet, log10(ppm) over log10(Rs / Ro), through the point
// (x, y) = (log10(200 ppm), 0.72).
constexpr double co_x = 2.3;
constexpr double co_y = 0.72;
constexpr double co_slope = -0.34;

}  // namespace

double sensor_kohm(int adc) { return load_kohm * (adc_max - adc) / adc; }

double clean_air_kohm(double sensor_kohm_mean) { return sensor_kohm_mean / clean_air_ratio; }

double co_ppm(double ratio) {
    // The natural logarithm inside a power of ten is not a slip of ours: the sensor library this
    // formula must agree with computes so, and its users' thresholds are made for its numbers.
    return pow(10.0, (log(ratio) - co_y) / co_slope + co_x);
}

}  // namespace mq2
