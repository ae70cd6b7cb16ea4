# SPDX-License-Identifier: Apache-2.0
# The voltage of A3 over three minutes in a room with a stove: seconds, millivolts.
# Clean air while the sketch calibrates itself, then between 20 and 1000 ppm.
0    489
1    489
4    1500
15   1720
28   1650
40   1890
47   1960
55   1930
70   1790
85   1840
92   1975
104  1905
120  1700
135  1760
150  1880
160  1640
172  1450
178  600
180  489
