# SPDX-License-Identifier: MIT
"""A voice detector small enough to read at one sitting: a filter bank and a recurrent cell."""
