// SPDX-License-Identifier: Apache-2.0
//
// Goal: the firmware's formula gives the numbers its users know. Method: the file that is compiled
// for the microcontroller is compiled for the host, with doubles of 64 bits.
#include <mq2_formula.h>

#include <cmath>
#include <limits>

#include "catch.hpp"

namespace {

/// What the sketch computes when it was calibrated at one reading of the converter and then takes
/// another.
double co_ppm_at(int adc, int calibrated_at) {
    const double ro_kohm = mq2::clean_air_kohm(mq2::sensor_kohm(calibrated_at));
    return mq2::co_ppm(mq2::sensor_kohm(adc) / ro_kohm);
}

bool near(double value, double expected, double tolerance) {
    return std::fabs(value - expected) <= tolerance;
}

}  // namespace

TEST_CASE("the formula gives the reference values", "[mq2]") {
    CHECK(near(mq2::co_ppm(9.83), 0.00496, 0.000005));
    CHECK(near(mq2::co_ppm(5.0), 0.48307, 0.000005));
    CHECK(near(mq2::co_ppm(2.0), 239.32, 0.005));
    CHECK(near(mq2::co_ppm(1.5), 1679.20, 0.005));
    CHECK(near(mq2::co_ppm(1.0), 26160.56, 0.005));
}

TEST_CASE("readings of the converter give resistances and concentrations", "[mq2]") {
    CHECK(near(mq2::sensor_kohm(100), 46.15, 1e-9));
    CHECK(near(mq2::clean_air_kohm(46.15), 4.694812, 1e-6));
    CHECK(near(co_ppm_at(400, 100), 849.63, 0.005));
    CHECK(near(co_ppm_at(100, 100), 0.00496, 0.000005));
}

TEST_CASE("the ends of the converter's range give 0, infinity and not a number", "[mq2]") {
    CHECK(co_ppm_at(0, 100) == 0.0);
    CHECK(co_ppm_at(mq2::adc_max, 100) == std::numeric_limits<double>::infinity());
    CHECK(std::isnan(co_ppm_at(0, 0)));
}
