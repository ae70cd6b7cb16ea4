// SPDX-License-Identifier: Apache-2.0
//
// Reads carbon monoxide from an MQ-2 gas sensor on A3 and prints it, one value a line.
// README.md has the wiring, the formula's sources and the line format.
#include "mq2_formula.h"

namespace {

constexpr uint8_t sensor_pin = A3;
constexpr unsigned long baud = 9600;
constexpr uint8_t decimals = 2;

constexpr int calibration_samples = 10;
constexpr int reading_samples = 5;
constexpr unsigned long sample_spacing_ms = 50;
constexpr unsigned long pause_ms = 1000;

double ro_kohm = 0.0;

double mean_sensor_kohm(int samples) {
    double sum = 0.0;
    for (int i = 0; i < samples; ++i) {
        sum += mq2::sensor_kohm(analogRead(sensor_pin));
        delay(sample_spacing_ms);
    }
    return sum / samples;
}

}  // namespace

// The air at power-up is taken for clean: that is what Ro is measured in.
void setup() {
    Serial.begin(baud);
    ro_kohm = mq2::clean_air_kohm(mean_sensor_kohm(calibration_samples));
    Serial.print(F("Ro: "));
    Serial.print(ro_kohm, decimals);
    Serial.println(F(" kohm"));
}

void loop() {
    Serial.println(mq2::co_ppm(mean_sensor_kohm(reading_samples) / ro_kohm), decimals);
    delay(pause_ms);
}
