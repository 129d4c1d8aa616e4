# SPDX-License-Identifier: GPL-2.0
# Show the progress of a kernel build, whose lines arrive on stdin, on a terminal.
# Variables: total (objects to be compiled), what (which kernel).
/^  (CC|AS)( |\[)/ {
	done++
	printf "\r  %-9s%s: %d of %d objects compiled", "KERNEL", what, done, total
	fflush()
}
END {
	printf "\r\033[K"
}
