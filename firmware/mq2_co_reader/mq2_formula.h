// SPDX-License-Identifier: Apache-2.0
#ifndef MQ2_FORMULA_H
#define MQ2_FORMULA_H

/// From the voltage over an MQ-2 module's load resistor to parts per million of carbon monoxide.
///
/// The sensor and its load resistor divide the supply; a 10-bit converter sees the load's share.
/// From that follows the sensor's resistance Rs, and from Rs over Ro, the resistance in clean air
/// divided by a factor of the data sheet, the concentration. README.md names the sources.
///
/// The same file is compiled for the microcontroller, where a double has 32 bits, and for the
/// host, where it has 64: the two agree to about five digits.
namespace mq2 {

/// The load resistor of the module, in kohm.
constexpr double load_kohm = 5.0;

/// Rs over Ro in clean air, from the data sheet.
constexpr double clean_air_ratio = 9.83;

/// Full scale of the 10-bit converter.
constexpr int adc_max = 1023;

/// The sensor's resistance in kohm at the converter's reading `adc`, 0 to adc_max.
/// 0 gives infinity (nothing connected, or the supply is missing), adc_max gives 0.
double sensor_kohm(int adc);

/// Ro in kohm, from the mean sensor resistance in clean air.
double clean_air_kohm(double sensor_kohm_mean);

/// Carbon monoxide in ppm at `ratio` = Rs / Ro. A ratio of infinity gives 0, a ratio of 0 gives
/// infinity, a ratio that is not a number (no calibration) gives the same.
double co_ppm(double ratio);

}  // namespace mq2

#endif
