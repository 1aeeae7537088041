# SPDX-License-Identifier: MIT
from portproof import main

main()
